// The benchmarks of `aigis bench`. Each prints what it compares, in one run on one machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/core/model.h"
#include "lib/data/dataset.h"
#include "lib/eval/attack.h"

namespace aigis {

/// The budget of attacks: usual_budget() of the norm.
double bench_epsilon(Norm norm);

/// One attack within bench_epsilon() against the floor: a bare forward and backward pass to the input on the identical
/// module, layout and type; or against another attack that takes as many gradients, where one is given. Attacks are
/// watched as in an evaluation (Witness). Forward passes that belong to no step (Victim::aside) are counted, and their
/// time is left out on both sides.
std::string bench_attack(Model& model, const Attack& attack, const Attack* against, const Batch& batch, Norm norm,
                         int64_t pairs);

/// Time that closed gates save against what they save in multiply-accumulates: the same network with Execution::skip,
/// or bucket, and with Execution::mask on the same images, for each batch size, with its own gates and with random ones
/// at each rate; buckets have room for that rate. ms are of one image; `realised` is the measured saving over the
/// counted one. `images` holds the largest batch.
std::string bench_skipping(Network& skip, Model& mask, const std::string& execution, const Batch& images,
                           const std::vector<int64_t>& batches, const std::vector<double>& rates, int64_t pairs);

/// Images a second of training steps (augmentation, forward, backward, optimiser) for `steps` steps, as a CUDA graph
/// if asked. Printed beside Python's PyTorch by bench/train_step.py.
std::string bench_training(Network& network, const Dataset& data, int64_t batch, int64_t steps, at::Device device,
                           bool cuda_graph);

/// Images a second of forward passes without a gradient.
/// Printed beside Python's PyTorch by bench/inference.py.
std::string bench_inference(Model& model, const Batch& batch, int64_t passes);

}  // namespace aigis
