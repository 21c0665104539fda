#include "attacks/parts/start.h"

#include <ATen/ops/add.h>

#include "attacks/parts/random.h"

namespace aigis {
namespace {

/// The corner of the unit ball that lies in a direction; in L2 and L1 all coordinates share its length.
at::Tensor corner(const at::Tensor& direction, Norm norm) {
  const int64_t values = direction.size(0) == 0 ? 1 : direction[0].numel();
  return direction.sign() / largest_size(norm, values);
}

}  // namespace

at::Tensor start_of(const AscentOptions& options, const at::Tensor& clean, const at::Tensor& ids, const Stream& stream,
                    Norm norm, double epsilon) {
  if (options.start == Start::clean || options.start_size == 0) return clean;
  const at::Tensor noise = options.start == Start::uniform ? ball_noise(clean, ids, stream, norm, Use::start)
                                                           : corner(normal_noise(clean, ids, stream, Use::start), norm);
  const at::Tensor banded = options.band.active() ? low_pass(noise, options.band) : noise;
  return within(clean, at::add(clean, banded, epsilon * options.start_size), norm, epsilon);
}

}  // namespace aigis
