#include "attacks/parts/square_search.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "attacks/parts/random.h"
#include "attacks/parts/shrinking.h"
#include "attacks/parts/squares.h"

namespace aigis {
namespace {

struct Rows {
  at::Tensor places, alive, clean, ids, labels;
  at::Tensor x, value;  ///< the best image so far, and its [n] value
  at::Tensor asked;     ///< [n] how often that was measured

  void keep(const at::Tensor& rows) { keep_rows(rows, {&places, &alive, &clean, &ids, &labels, &x, &value, &asked}); }
};

/// The numbers of one query, U(0, 1), handed out from the left.
class Numbers {
 public:
  Numbers(const Rows& rows, const Stream& stream, int64_t count)
      : numbers_(uniform_numbers(rows.ids, count, stream, Use::square).to(rows.clean.device())),
        type_(rows.clean.scalar_type()) {}
  /// Whole numbers from 0 to count - 1, at least 0: [n].
  at::Tensor below(int64_t count) {
    return (take(1).squeeze(1) * static_cast<double>(count)).floor().to(at::kLong).clamp_min(0);
  }
  /// -1 or 1: [n, count].
  at::Tensor signs(int64_t count) { return (take(count) * 2 - 1).sign().to(type_); }

 private:
  at::Tensor take(int64_t count) {
    const at::Tensor taken = numbers_.slice(1, next_, next_ + count);
    next_ += count;
    return taken;
  }
  at::Tensor numbers_;
  at::ScalarType type_;
  int64_t next_ = 0;
};

/// A random search within one budget.
class Search {
 public:
  Search(Victim& victim, const SquareSearch& options, Norm norm, double epsilon)
      : victim_(victim), options_(options), norm_(norm), epsilon_(epsilon) {}

  void run(Rows rows, at::Tensor& result) {
    Shrinking shrinking;
    rows.x = norm_ == Norm::linf ? stripes(rows) : tiles(rows);
    rows.value = value(rows, rows.x);
    rows.asked = at::ones_like(rows.value);
    for (int64_t query = 1; query <= options_.queries; ++query) {
      if (options_.stop) {
        const at::Tensor done = rows.value.le(options_.enough).logical_and(rows.alive);
        put_rows(result, rows.places, done, rows.x);
        if (options_.counts) victim_.count_broken(query, done.sum().item<int64_t>());
        rows.alive = rows.alive.logical_and(done.logical_not());
        if (const at::Tensor kept = shrinking.kept(rows.alive); kept.defined()) rows.keep(kept);
      }
      if (rows.clean.size(0) == 0) return;
      step_ = static_cast<uint32_t>(query);
      const int64_t scheduled = options_.rescale ? (query - 1) * 10'000 / options_.queries : query - 1;
      const double share = square_share(scheduled, options_.share);
      const at::Tensor tried = norm_ == Norm::linf ? with_square(rows, share) : with_windows(rows, share);
      const at::Tensor at_tried = value(rows, tried);
      if (options_.renewed) renew(rows);
      const at::Tensor better = options_.drift ? at_tried.le(rows.value) : at_tried.lt(rows.value);
      rows.x = at::where(per_image(better, rows.x), tried, rows.x);
      rows.value = at::where(better, at_tried, rows.value);
      rows.asked = at::where(better, at::ones_like(rows.asked), rows.asked);
    }
    if (options_.stop && options_.counts) {
      const at::Tensor last = rows.value.le(options_.enough).logical_and(rows.alive);
      victim_.count_broken(options_.queries + 1, last.sum().item<int64_t>());
    }
    put_rows(result, rows.places, rows.alive, rows.x);
  }

 private:
  /// With the noise of the draws from `first` on.
  at::Tensor value(const Rows& rows, const at::Tensor& images, int64_t first = 0) {
    at::Tensor sum;
    for (int64_t draw = first; draw < first + options_.draws; ++draw) {
      const Output output = victim_.forward(images, rows.ids, {0, static_cast<uint32_t>(draw), step_});
      const at::Tensor one = options_.value(output, rows.labels);
      sum = sum.defined() ? sum + one : one;
    }
    return options_.draws > 1 ? sum / static_cast<double>(options_.draws) : sum;
  }

  /// A lucky answer would otherwise bar every later square.
  void renew(Rows& rows) {
    const at::Tensor again = value(rows, rows.x, options_.draws);
    rows.value = (rows.value * rows.asked + again) / (rows.asked + 1);
    rows.asked = rows.asked + 1;
  }

  Numbers numbers(const Rows& rows, int64_t count) const { return {rows, victim_.draws({0, 0, step_}), count}; }

  int64_t side_of(const Rows& rows, double share, int64_t least) const {
    const int64_t height = rows.clean.size(2), width = rows.clean.size(3);
    const double wanted = std::round(std::sqrt(share * static_cast<double>(height * width)));
    return std::max(static_cast<int64_t>(wanted), least);
  }

  Squares place(Numbers& numbers, const Rows& rows, int64_t side) const {
    const at::Tensor top = numbers.below(rows.clean.size(2) - side);
    return {top, numbers.below(rows.clean.size(3) - side), side};
  }

  // Linf ------------------------------------------------------------------------------------------------------------

  at::Tensor stripes(const Rows& rows) const {
    const int64_t channels = rows.clean.size(1), width = rows.clean.size(3);
    const at::Tensor signs = numbers(rows, channels * width).signs(channels * width);
    return (rows.clean + signs.view({-1, channels, 1, width}) * epsilon_).clamp(0, 1);
  }

  at::Tensor with_square(const Rows& rows, double share) const {
    const int64_t channels = rows.clean.size(1);
    const int64_t side = std::min({side_of(rows, share, 1), rows.clean.size(2), rows.clean.size(3)});
    Numbers drawn = numbers(rows, 2 + channels);
    const Squares square = place(drawn, rows, side);
    at::Tensor change = at::zeros_like(rows.clean);
    square.paste(change, (drawn.signs(channels) * (2 * epsilon_)).view({-1, channels, 1, 1}));
    return within(rows.clean, rows.x + change, norm_, epsilon_);
  }

  // L2 and L1 -------------------------------------------------------------------------------------------------------

  /// [n, C, side, side]: a hill and a pit for each image, lying or standing, with a sign for each channel.
  at::Tensor signed_patterns(Numbers& numbers, const Rows& rows, int64_t side) const {
    const at::Tensor lying = hill_and_pit(side, norm_).to(rows.clean.device(), rows.clean.scalar_type());
    const at::Tensor stands = per_image(numbers.signs(1).gt(0), rows.clean);
    return at::where(stands, lying.t(), lying) * numbers.signs(rows.clean.size(1)).view({-1, rows.clean.size(1), 1, 1});
  }

  at::Tensor tiles(const Rows& rows) const {
    const int64_t channels = rows.clean.size(1), height = rows.clean.size(2), width = rows.clean.size(3);
    const int64_t side = std::max<int64_t>(1, height / 5), edge = std::max<int64_t>(0, (height - side * 5) / 2);
    const int64_t down = height / side, across = width / side;
    Numbers drawn = numbers(rows, down * across * (1 + channels));
    at::Tensor change = at::zeros_like(rows.clean);
    for (int64_t tile = 0; tile < down * across; ++tile) {
      const int64_t top = edge + tile / across * side, left = edge + tile % across * side;
      const at::Tensor pattern = signed_patterns(drawn, rows, side);
      const int64_t rows_left = std::min(side, height - top), columns_left = std::min(side, width - left);
      if (rows_left <= 0 || columns_left <= 0) continue;
      change.slice(2, top, top + side)
          .slice(3, left, left + side)
          .add_(pattern.slice(2, 0, rows_left).slice(3, 0, columns_left));
    }
    return stretched(rows, change);
  }

  /// The mass of one window is taken away and given to another, which gets a new pattern.
  at::Tensor with_windows(const Rows& rows, double share) const {
    const int64_t channels = rows.clean.size(1);
    int64_t side = side_of(rows, share, 3);
    side = std::min({side + (side % 2 == 0 ? 1 : 0), rows.clean.size(2), rows.clean.size(3)});
    Numbers drawn = numbers(rows, 5 + channels);
    const Squares gaining = place(drawn, rows, side), losing = place(drawn, rows, side);
    at::Tensor change = rows.x - rows.clean;
    const at::Tensor old = gaining.cut(change),
                     of_image = per_image(sizes_of(change, norm_), change).to(change.scalar_type());
    at::Tensor outside = change.clone();
    gaining.paste(outside, at::zeros_like(old));
    losing.paste(outside, at::zeros_like(old));
    const at::Tensor of_windows = mass(change - outside);
    const at::Tensor pattern = signed_patterns(drawn, rows, side);
    const at::Tensor mixed = pattern + old / (length(old) + kTiny);
    const double k = static_cast<double>(channels);
    const at::Tensor unused = norm_ == Norm::l2 ? (epsilon_ * epsilon_ - of_image.square()).clamp_min(0) / k
                                                : (epsilon_ - of_image).clamp_min(0) / k;
    const at::Tensor wanted = norm_ == Norm::l2 ? (unused + of_windows).sqrt() : (unused + of_windows) * k;
    gaining.paste(outside, mixed / (length(mixed) + kTiny) * wanted);
    return stretched(rows, outside);
  }

  /// Of each channel, [n, C, 1, 1]: what adds up to the norm (L2: squares, L1: magnitudes), and the norm.
  at::Tensor mass(const at::Tensor& x) const {
    return (norm_ == Norm::l2 ? x.square() : x.abs()).sum({2, 3}, /*keepdim=*/true);
  }
  at::Tensor length(const at::Tensor& x) const { return norm_ == Norm::l2 ? mass(x).sqrt() : mass(x); }

  /// To the whole budget in L2, then into the box; in L1 to the nearest image in both.
  at::Tensor stretched(const Rows& rows, const at::Tensor& change) const {
    constexpr double kWithin = 1 - 1e-6;  // of the budget, as in the authors' code: sums over all pixels round
    if (norm_ == Norm::l1) return nearest_in_l1(rows.clean, rows.clean + change, epsilon_ * kWithin);
    const at::Tensor size = per_image(sizes_of(change, norm_), change).to(change.scalar_type());
    return within(rows.clean, rows.clean + change / (size + kTiny) * epsilon_, norm_, epsilon_);
  }

  static constexpr double kTiny = 1e-12;
  Victim& victim_;
  const SquareSearch& options_;
  Norm norm_;
  double epsilon_;
  uint32_t step_ = 0;
};

}  // namespace

void SquareSearch::bind(OptionTable& table) {
  table.integer("queries", &queries, 1, 10'000'000, "squares that are tried");
  table.number("share", &share, 1e-6, 1, "share of the image", "that the first squares cover (p)");
  table.flag("rescale", &rescale, "stretch the schedule of squares, made for 10,000 queries, to as many as are made");
}

at::Tensor square_search(Victim& victim, const Batch& batch, const SquareSearch& search, Norm norm, double epsilon) {
  at::Tensor result = batch.images.clone();
  if (batch.images.size(0) == 0) return result;
  const at::Tensor places = at::arange(batch.images.size(0), batch.labels.options());
  Rows rows{places, at::ones_like(places, at::TensorOptions(at::kBool)), batch.images, batch.ids, batch.labels, {}, {},
            {}};
  Search(victim, search, norm, epsilon).run(std::move(rows), result);
  return result;
}

}  // namespace aigis
