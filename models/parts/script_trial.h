// What a TorchScript model must do before anything depends on it: answer alike, whatever images are beside one, and
// have a gradient that an attack can follow.
#pragma once

#include <string>

#include "lib/core/model.h"

namespace aigis {

/// Tries the model on random images of the size in its card, and fills in its classes and arithmetic there. Throws
/// InputError that names `path`, where it was read.
void examine_script(Model& model, ModelCard& card, const std::string& path, at::Device device);

}  // namespace aigis
