#include "attacks/parts/patchwise.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/full.h>

namespace aigis {
namespace {

/// The mean over a patch without its middle, zeros beyond the border.
at::Tensor of_neighbours(const at::Tensor& x, int64_t side) {
  at::Tensor kernel = at::full({side, side}, 1.0 / static_cast<double>(side * side - 1), x.options());
  kernel[side / 2][side / 2] = 0;
  return at::conv2d(x, kernel.expand({x.size(1), 1, side, side}).contiguous(), {}, 1, side / 2, 1, x.size(1));
}

}  // namespace

void PatchwiseOptions::bind(OptionTable& table) {
  table.number("amplification", &amplification, 0, 1000, "",
               "factor by which steps are longer, their surplus handed on to neighbours (PI), for the norm linf only; "
               "0: ordinary steps");
  table.integer("patch", &kernel, 3, 255, "side of the patch that receives the surplus, odd")
      .only_with("amplification>0");
  table.number("projection", &projection, 0, 1000, "amplified steps", "length with which the surplus is handed on")
      .only_with("amplification>0");
}

at::Tensor patchwise_change(const at::Tensor& direction, double step, double epsilon, const PatchwiseOptions& options,
                            at::Tensor& amplified) {
  if (direction.size(0) == 0) return direction;
  const double length = step * options.amplification;
  const at::Tensor stepped = direction * length;
  amplified = amplified.defined() ? amplified + stepped : stepped;
  const at::Tensor surplus = (amplified.abs() - epsilon).clamp_min(0) * amplified.sign();
  const at::Tensor handed_on = of_neighbours(surplus, options.kernel).sign() * (length * options.projection);
  amplified = amplified + handed_on;
  return stepped + handed_on;
}

}  // namespace aigis
