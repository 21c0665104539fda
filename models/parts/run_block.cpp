#include "models/parts/run_block.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>

#include "lib/ops/rows.h"

namespace aigis {
namespace {

// Sums and ReLUs are done in place on results of convolutions and normalizations, whose backward passes need their
// inputs only.
at::Tensor masked(const ResidualBlock& block, const at::Tensor& x, const Factor& factor, bool training) {
  if (factor.scale == 0 && block.is_identity_without_branch()) return x;
  const at::Tensor activated = block.activate(x, training);
  const at::Tensor shortcut = block.shortcut(x, activated, training);
  if (factor.scale == 0) return block.join(shortcut);
  const at::Tensor branch = block.residual(activated, training);
  if (factor.per_image.defined()) {
    return block.join((factor.per_image.to(x.scalar_type()).view({-1, 1, 1, 1}) * branch).add_(shortcut));
  }
  return block.join(factor.scale == 1 ? branch.add_(shortcut) : at::add(shortcut, branch, factor.scale));
}

at::Tensor skipped(const ResidualBlock& block, const at::Tensor& x, const at::Tensor& open) {
  const std::vector<int64_t> active = open_rows(open);
  if (static_cast<int64_t>(active.size()) == x.size(0)) return masked(block, x, {}, false);
  const at::Tensor result = block.is_identity_without_branch() ? x : masked(block, x, {.scale = 0}, false);
  if (!active.empty()) scatter_rows(result, active, masked(block, gather_rows(x, active), {}, false));
  return result;
}

}  // namespace

at::Tensor run_block(const ResidualBlock& block, at::Tensor x, const Factor& factor, Execution execution,
                     bool training) {
  const bool keeps_gradient = at::GradMode::is_enabled() && (x.requires_grad() || factor.per_image.requires_grad());
  const bool may_skip = execution == Execution::skip && !training && factor.per_image.defined() && !keeps_gradient;
  return may_skip ? skipped(block, x, factor.per_image) : masked(block, x, factor, training);
}

}  // namespace aigis
