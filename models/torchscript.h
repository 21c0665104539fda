// TorchScript: a user's own model as one to evaluate, and networks of this project for other programs.
#pragma once

#include "models/load.h"

namespace aigis {

inline constexpr const char* kTorchScript = "torchscript";

/// Loads `torchscript:FILE,input=3x32x32,mean=0.49:0.48:0.45,std=0.25:0.24:0.26`, in evaluation mode, on the device.
/// FILE is what torch.jit.save or `aigis export` wrote: images [N, C, H, W] in [0, 1] to logits [N, K]. Without `mean`
/// and `std` it must normalize by itself. Throws InputError if it is no such file or model, cannot be differentiated,
/// or answers the same images differently twice.
LoadedModel load_torchscript(const Spec& spec, at::Device device);

/// A network as one file that torch.jit.load and load_torchscript read: its weights under their names, its gate mode,
/// and straight-through gradients. Throws InputError if its gates are random.
std::string to_torchscript(LoadedNetwork& loaded);

}  // namespace aigis
