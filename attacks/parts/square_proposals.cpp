#include "attacks/parts/square_proposals.h"

#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "attacks/parts/random.h"
#include "attacks/parts/squares.h"
#include "lib/core/upload.h"

namespace aigis {
namespace {

constexpr double kTiny = 1e-12;

int64_t side_of(const at::Tensor& clean, double share, int64_t least) {
  const double wanted = std::round(std::sqrt(share * static_cast<double>(clean.size(2) * clean.size(3))));
  return std::max(static_cast<int64_t>(wanted), least);
}

Squares place(SquareNumbers& numbers, const at::Tensor& clean, int64_t side) {
  const at::Tensor top = numbers.below(clean.size(2) - side);
  return {top, numbers.below(clean.size(3) - side), side};
}

}  // namespace

void SquareNumbers::draw(int64_t count) {
  numbers_ = uploaded(uniform_numbers(ids_, count, stream_, Use::square), like_.device());
}

at::Tensor SquareNumbers::take(int64_t count) {
  const at::Tensor taken = numbers_.slice(1, next_, next_ + count);
  next_ += count;
  return taken;
}

at::Tensor SquareNumbers::below(int64_t count) {
  return (take(1).squeeze(1) * static_cast<double>(count)).floor().to(at::kLong).clamp_min(0);
}

at::Tensor SquareNumbers::signs(int64_t count) {
  return (take(count) * 2 - 1).sign().to(c10::typeMetaToScalarType(like_.dtype()));
}

at::Tensor SquareProposals::first(const at::Tensor& clean, SquareNumbers numbers) const {
  return norm_ == Norm::linf ? stripes(clean, numbers) : tiles(clean, numbers);
}

at::Tensor SquareProposals::next(const at::Tensor& clean, const at::Tensor& x, double share,
                                 SquareNumbers numbers) const {
  return norm_ == Norm::linf ? with_square(clean, x, share, numbers) : with_windows(clean, x, share, numbers);
}

// Linf --------------------------------------------------------------------------------------------------------------

at::Tensor SquareProposals::stripes(const at::Tensor& clean, SquareNumbers& numbers) const {
  const int64_t channels = clean.size(1), width = clean.size(3);
  numbers.draw(channels * width);
  return (clean + numbers.signs(channels * width).view({-1, channels, 1, width}) * epsilon_).clamp(0, 1);
}

at::Tensor SquareProposals::with_square(const at::Tensor& clean, const at::Tensor& x, double share,
                                        SquareNumbers& numbers) const {
  const int64_t channels = clean.size(1);
  const int64_t side = std::min({side_of(clean, share, 1), clean.size(2), clean.size(3)});
  numbers.draw(2 + channels);
  const Squares square = place(numbers, clean, side);
  at::Tensor change = at::zeros_like(clean);
  square.paste(change, (numbers.signs(channels) * (2 * epsilon_)).view({-1, channels, 1, 1}));
  return within(clean, x + change, norm_, epsilon_);
}

// L2 and L1 ---------------------------------------------------------------------------------------------------------

at::Tensor SquareProposals::signed_patterns(const at::Tensor& clean, int64_t side, SquareNumbers& numbers) const {
  const at::Tensor lying = uploaded(hill_and_pit(side, norm_), clean.device(), clean.scalar_type());
  const at::Tensor stands = per_image(numbers.signs(1).gt(0), clean);
  return at::where(stands, lying.t(), lying) * numbers.signs(clean.size(1)).view({-1, clean.size(1), 1, 1});
}

at::Tensor SquareProposals::tiles(const at::Tensor& clean, SquareNumbers& numbers) const {
  const int64_t channels = clean.size(1), height = clean.size(2), width = clean.size(3);
  const int64_t side = std::max<int64_t>(1, height / 5), edge = std::max<int64_t>(0, (height - side * 5) / 2);
  const int64_t down = height / side, across = width / side;
  numbers.draw(down * across * (1 + channels));
  at::Tensor change = at::zeros_like(clean);
  for (int64_t tile = 0; tile < down * across; ++tile) {
    const int64_t top = edge + tile / across * side, left = edge + tile % across * side;
    const at::Tensor pattern = signed_patterns(clean, side, numbers);
    const int64_t rows_left = std::min(side, height - top), columns_left = std::min(side, width - left);
    if (rows_left <= 0 || columns_left <= 0) continue;
    change.slice(2, top, top + side)
        .slice(3, left, left + side)
        .add_(pattern.slice(2, 0, rows_left).slice(3, 0, columns_left));
  }
  return stretched(clean, change);
}

at::Tensor SquareProposals::with_windows(const at::Tensor& clean, const at::Tensor& x, double share,
                                         SquareNumbers& numbers) const {
  const int64_t channels = clean.size(1);
  int64_t side = side_of(clean, share, 3);
  side = std::min({side + (side % 2 == 0 ? 1 : 0), clean.size(2), clean.size(3)});
  numbers.draw(5 + channels);
  const Squares gaining = place(numbers, clean, side), losing = place(numbers, clean, side);
  at::Tensor change = x - clean;
  const at::Tensor old = gaining.cut(change),
                   of_image = per_image(sizes_of(change, norm_), change).to(change.scalar_type());
  at::Tensor outside = change.clone();
  gaining.paste(outside, at::zeros_like(old));
  losing.paste(outside, at::zeros_like(old));
  const at::Tensor of_windows = mass(change - outside);
  const at::Tensor pattern = signed_patterns(clean, side, numbers);
  const at::Tensor mixed = pattern + old / (length(old) + kTiny);
  const double k = static_cast<double>(channels);
  const at::Tensor unused = norm_ == Norm::l2 ? (epsilon_ * epsilon_ - of_image.square()).clamp_min(0) / k
                                              : (epsilon_ - of_image).clamp_min(0) / k;
  const at::Tensor wanted = norm_ == Norm::l2 ? (unused + of_windows).sqrt() : (unused + of_windows) * k;
  gaining.paste(outside, mixed / (length(mixed) + kTiny) * wanted);
  return stretched(clean, outside);
}

at::Tensor SquareProposals::mass(const at::Tensor& x) const {
  return (norm_ == Norm::l2 ? x.square() : x.abs()).sum({2, 3}, /*keepdim=*/true);
}

at::Tensor SquareProposals::length(const at::Tensor& x) const { return norm_ == Norm::l2 ? mass(x).sqrt() : mass(x); }

at::Tensor SquareProposals::stretched(const at::Tensor& clean, const at::Tensor& change) const {
  constexpr double kWithin = 1 - 1e-6;  // of the budget, as in the authors' code: sums over all pixels round
  if (norm_ == Norm::l1) return nearest_in_l1(clean, clean + change, epsilon_ * kWithin);
  const at::Tensor size = per_image(sizes_of(change, norm_), change).to(change.scalar_type());
  return within(clean, clean + change / (size + kTiny) * epsilon_, norm_, epsilon_);
}

}  // namespace aigis
