// A model as an evaluation names it: a checkpoint with its options, and what may be taken away from it besides.
#pragma once

#include <functional>
#include <memory>

#include "lib/data/dataset.h"
#include "models/load.h"

namespace aigis {

/// load_model(), and `gradients=bf16` (taken in bfloat16, for speed) and `passes=recorded`; for gated models
/// `gates=frozen` (each image keeps the graph that gates=argmax takes for its clean version in `data`, behind a defense
/// for what that makes of it) and
/// `noise=fixed` (sampled and marginal gates that see the same noise in all passes, drawn by `seed`). Throws
/// InputError.
LoadedModel evaluated_model(const Spec& spec, const Dataset& data, uint64_t seed, at::Device device);

/// Takes `passes=eager|recorded` out of a model's spec; whether they are to be recorded. Throws InputError.
bool take_recorded(Spec& spec);

/// The model that `load` makes of a spec's other options; with `passes=recorded` its passes are recorded as CUDA graphs
/// and replayed. Throws InputError, also where they cannot be.
std::shared_ptr<Model> with_passes(const Spec& spec, at::Device device,
                                   const std::function<std::shared_ptr<Model>(const Spec& own)>& load);

}  // namespace aigis
