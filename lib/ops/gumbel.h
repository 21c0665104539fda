// Stochastic hard gates: the Gumbel-Max trick and its straight-through gradient
// (ConvNet-AIG, section 3.3, equations 7 and 8; Jang et al. 2016; Maddison et al. 2016).
//
// With two states only the difference of the two Gumbel variables matters, and that difference is
// logistic: the gate opens where D + log(u / (1 - u)) > 0, D = logit of open minus logit of closed.
// So P(open) = sigmoid(D), and the relaxed gate of equation 8 is sigmoid((D + noise) / temperature).
#pragma once

#include "lib/core/model.h"

namespace aigis {

/// Logistic noise, one number for each image and gated layer: [N, layers] float64 on the CPU.
/// Row i depends on the stream and on image_ids[i] alone.
at::Tensor gate_noise(const Stream& stream, const at::Tensor& image_ids, int64_t layers);

/// Gates of logits [N]; `noise` is undefined for argmax gates. They are hard, in {0, 1}, with the gradient of the
/// relaxed gate at the same noise and temperature, or none with GateGradient::fixed_graph; with GateGradient::relaxed
/// they are that relaxed gate themselves where a gradient is asked for.
at::Tensor decide_gate(const at::Tensor& logits, const at::Tensor& noise, GateGradient gradient,
                       double temperature = 1);

}  // namespace aigis
