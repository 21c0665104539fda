#include "models/parts/run_block.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "lib/ops/bucket.h"
#include "lib/ops/rows.h"

namespace aigis {
namespace {

// Sums and ReLUs are done in place on results of convolutions and normalizations, whose backward passes need their
// inputs only; and on x itself where an identity block's sum is part of its last convolution, which it is only without
// a gradient.
at::Tensor masked(const ResidualBlock& block, const at::Tensor& x, const Factor& factor, bool training) {
  if (factor.scale == 0 && block.is_identity_without_branch()) return x;
  const at::Tensor activated = block.activate(x, training);
  const at::Tensor shortcut = block.shortcut(x, activated, training);
  if (factor.scale == 0) return block.join(shortcut);
  if (factor.scale == 1 && !factor.per_image.defined()) {
    return block.join(block.residual(activated, training, shortcut));
  }
  const at::Tensor branch = block.residual(activated, training, {});
  if (factor.per_image.defined()) {
    return block.join((factor.per_image.to(x.scalar_type()).view({-1, 1, 1, 1}) * branch).add_(shortcut));
  }
  return block.join(at::add(shortcut, branch, factor.scale));
}

at::Tensor skipped(const ResidualBlock& block, const at::Tensor& x, const at::Tensor& open) {
  const std::vector<int64_t> active = open_rows(open);
  if (static_cast<int64_t>(active.size()) == x.size(0)) return masked(block, x, {}, false);
  const at::Tensor result = block.is_identity_without_branch() ? x : masked(block, x, {.scale = 0}, false);
  if (!active.empty()) scatter_rows(result, active, masked(block, gather_rows(x, active), {}, false));
  return result;
}

at::Tensor in_bucket(const ResidualBlock& block, const at::Tensor& x, const at::Tensor& open, int64_t room,
                     Running& running) {
  if (!running.overflow.defined()) running.overflow = at::zeros({1}, open.options().dtype(at::kInt));
  const Bucket bucket = fill_bucket(open, room, running.overflow);
  const at::Tensor branch = masked(block, gather_bucket(x, bucket), {}, false);
  const at::Tensor result = block.is_identity_without_branch() ? x : masked(block, x, {.scale = 0}, false);
  scatter_bucket(result, bucket, branch);
  return result;
}

}  // namespace

int64_t bucket_room(int64_t images, double rate) {
  const auto n = static_cast<double>(images);
  const double expected = n * rate + 4 * std::sqrt(n * rate * (1 - rate));
  const int64_t room = in_whole_steps(std::max<int64_t>(1, static_cast<int64_t>(std::ceil(expected))), images);
  constexpr double kWorthwhile = 0.9;  // gathering and writing back cost about a tenth of a block
  return static_cast<double>(room) > kWorthwhile * n ? images : room;
}

at::Tensor run_block(const ResidualBlock& block, at::Tensor x, const Factor& factor, Running& running) {
  const at::Tensor& open = factor.per_image;
  const bool keeps_gradient = at::GradMode::is_enabled() && (x.requires_grad() || open.requires_grad());
  if (running.execution == Execution::mask || running.training || !open.defined() || keeps_gradient) {
    return masked(block, x, factor, running.training);
  }
  const bool has_bucket = running.execution == Execution::bucket && factor.rate >= 0 && has_buckets(x.device());
  if (!has_bucket) return skipped(block, x, open);
  const int64_t room = bucket_room(x.size(0), factor.rate);
  return room >= x.size(0) ? masked(block, x, factor, false) : in_bucket(block, x, open, room, running);
}

}  // namespace aigis
