// Random numbers for attacks: each depends on the stream, on the id of its image and on its place alone, never on the
// batch, the number of threads or the device.
#pragma once

#include "lib/core/philox.h"
#include "lib/eval/norm.h"

namespace aigis {

/// What an attack's random numbers are for; numbers for different uses differ.
enum class Use : uint32_t { start, diversity, neighbour, target, square, estimate, direction };

/// Tensors [N, ...] of the type and on the device of `like`; `ids` are the images' indices in their data set.
/// From U(-1, 1).
at::Tensor uniform_noise(const at::Tensor& like, const at::Tensor& ids, const Stream& stream, Use use);
/// From the standard normal distribution (Box & Muller 1958).
at::Tensor normal_noise(const at::Tensor& like, const at::Tensor& ids, const Stream& stream, Use use);
/// Uniform in the ball of radius 1 of the norm. L2: a normal direction at radius u^(1/n); L1: n of n + 1 exponential
/// variables over the sum of all, with random signs (Calafiore, Dabbene & Tempo 1998).
at::Tensor ball_noise(const at::Tensor& like, const at::Tensor& ids, const Stream& stream, Norm norm, Use use);
/// A random corner of the ball of radius 1; in L2 and L1 all coordinates share its length.
at::Tensor corner_noise(const at::Tensor& like, const at::Tensor& ids, const Stream& stream, Norm norm, Use use);

/// `count` numbers from U(0, 1) for each image: [N, count] float64 on the CPU.
at::Tensor uniform_numbers(const at::Tensor& ids, int64_t count, const Stream& stream, Use use);

}  // namespace aigis
