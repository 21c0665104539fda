// Any model that can be evaluated, from the file that a spec names.
#pragma once

#include "models/checkpoint.h"

namespace aigis {

/// A model ready for evaluation.
struct LoadedModel : ModelFile {
  std::shared_ptr<Model> model;
};

/// Loads a checkpoint (models/checkpoint.h) or `torchscript:FILE,…` (models/torchscript.h). Throws InputError.
LoadedModel load_model(const Spec& spec, at::Device device);

/// The part of a spec that is the path of a model's file; null for the name of an architecture.
std::string* model_path(Spec& spec);

}  // namespace aigis
