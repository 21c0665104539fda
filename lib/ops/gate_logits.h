// The logit of a gate in one pass over its input, for inference on a CPU: as a chain of a dozen small operations a gate
// takes as long as a tenth of the layer that it may leave out, where a batch has few images.
#pragma once

#include "lib/core/tensor.h"

namespace aigis {

/// A gate's two linear layers, with its two outputs as their difference, open minus closed. All float32 on the CPU.
struct GateWeights {
  at::Tensor first;        ///< [D, C]
  at::Tensor first_bias;   ///< [D]
  at::Tensor second;       ///< [1, D]
  at::Tensor second_bias;  ///< [1]
};

/// True for float32 images on the CPU whose rows lie in one piece.
bool has_fast_gate_logits(const at::Tensor& x);

/// [N, C, H, W] to [N]: second · relu(first · mean of x over pixels + first_bias) + second_bias. An image's logit does
/// not depend on the others of its batch.
at::Tensor gate_logits(const at::Tensor& x, const GateWeights& weights);

}  // namespace aigis
