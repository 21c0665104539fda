#include "attacks/hopskipjump.h"

#include <ATen/ops/full_like.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "attacks/parts/random.h"

namespace aigis {
namespace {

struct Rows : Searched {
  at::Tensor x;        ///< images of another class, on the boundary
  at::Tensor answers;  ///< [n] that each image has taken, however many others of its batch took

  void keep(const at::Tensor& rows) {
    Searched::keep(rows);
    keep_rows(rows, {&x, &answers});
  }
};

class Walk {
 public:
  Walk(Victim& victim, const HopSkipJump::Options& options, Norm norm, Nearest& nearest)
      : victim_(victim), every_(victim, options.draws), options_(options), norm_(norm), nearest_(nearest) {}

  void run(Rows rows) {
    pixels_ = static_cast<double>(rows.clean[0].numel());
    start(rows);
    Shrinking shrinking;
    for (step_ = 0; step_ <= static_cast<uint32_t>(options_.steps) && rows.x.size(0) > 0; ++step_) {
      if (step_ > 0) leap(rows, normal(rows));
      const at::Tensor found = to_boundary(rows);
      nearest_.offer(rows, found, at::ones_like(rows.alive), rows.answers);
      if (const at::Tensor kept = nearest_.kept(rows, shrinking); kept.defined()) rows.keep(kept);
    }
  }

 private:
  static constexpr int64_t kMostHalvings = 30;  ///< of a leap

  /// Uniform noise of another class; images for which none is found are given up.
  void start(Rows& rows) {
    rows.x = rows.clean;
    rows.answers = at::ones_like(rows.labels);
    at::Tensor found = at::zeros_like(rows.alive);
    for (int64_t i = 0; i < options_.starts && !found.all().item<bool>(); ++i) {
      const Stream stream = victim_.draws({0, static_cast<uint32_t>(i), 0});
      const at::Tensor noise = (uniform_noise(rows.clean, rows.ids, stream, Use::start) + 1) / 2;
      take(rows, found, noise, i);
    }
    rows.keep(found.nonzero().squeeze(1));
  }

  /// Asks about the images that are not done, and moves to where they are wrong.
  void take(Rows& rows, at::Tensor& done, const at::Tensor& there, int64_t query) {
    const at::Tensor open = done.logical_not().nonzero().squeeze(1);
    Searched asked = rows;
    asked.keep(open);
    const at::Tensor wrong = is_wrong(asked, there.index_select(0, open), query);
    const at::Tensor taken = at::zeros_like(done).index_copy(0, open, wrong);
    rows.answers = rows.answers + done.logical_not();
    rows.x = at::where(per_image(taken, rows.x), there, rows.x);
    done = done.logical_or(taken);
  }

  /// `query`: which one of this step, so that an image meets the same noise of gates whatever others of its batch take.
  at::Tensor is_wrong(const Searched& rows, const at::Tensor& x, int64_t query) {
    return every_.wrong(rows.at(x), {0, static_cast<uint32_t>(query) * every_.draws(), step_});
  }

  /// Answers for the estimate of this step's normal.
  int64_t samples() const {
    return std::min(static_cast<int64_t>(static_cast<double>(options_.samples) * std::sqrt(step_)),
                    options_.most_samples);
  }

  /// Between the clean image (0) and x (1): along the line in L2, in a shrinking box in Linf.
  at::Tensor between(const Rows& rows, const at::Tensor& share) const {
    if (norm_ == Norm::l2) {
      return rows.clean + (rows.x - rows.clean) * per_image(share.to(rows.x.scalar_type()), rows.x);
    }
    const at::Tensor reach = per_image((share * sizes_of(rows.x - rows.clean, norm_)).to(rows.x.scalar_type()), rows.x);
    return at::maximum(at::minimum(rows.x, rows.clean + reach), rows.clean - reach);
  }

  /// Bisects until the interval is as short as the paper asks for (its theta), and ends on the other class's side.
  /// Returns what to hand out, a little farther away where that is wrong, too: nearer to the boundary than rounding is,
  /// an image may be wrong in this batch and right in another.
  at::Tensor to_boundary(Rows& rows) {
    const double tolerance = norm_ == Norm::l2 ? std::pow(pixels_, -1.5) : 1 / (pixels_ * pixels_);
    const auto halvings = std::min<int64_t>(static_cast<int64_t>(std::ceil(-std::log2(tolerance))), 40);
    at::Tensor low = at::zeros_like(rows.labels, at::TensorOptions(at::kDouble)), high = at::ones_like(low);
    const int64_t before = step_ == 0 ? options_.starts : samples() + kMostHalvings;  // queries, if all were made
    for (int64_t i = 0; i < halvings; ++i) {
      const at::Tensor middle = (low + high) / 2, wrong = is_wrong(rows, between(rows, middle), before + i);
      low = at::where(wrong, low, middle);
      high = at::where(wrong, middle, high);
    }
    rows.answers = rows.answers + halvings + 1;
    constexpr double kClear = 1.0001;
    const at::Tensor farther = between(rows, (high * kClear).clamp_max(1));
    const at::Tensor is_clear = is_wrong(rows, farther, before + halvings);
    rows.x = at::where(per_image(high.eq(1), rows.x), rows.x, between(rows, high));  // rounding could cross over
    return at::where(per_image(is_clear, farther), farther, rows.x);
  }

  /// The direction of the boundary's normal at x (equation 16): the mean of random directions, each with the sign of
  /// the answer that it leads to, less the mean sign.
  at::Tensor normal(Rows& rows) {
    const at::Tensor distance = sizes_of(rows.x - rows.clean, norm_);
    const at::Tensor reach = step_ == 1 ? at::full_like(distance, 0.1) : distance / pixels_;  // section 3.3
    const at::Tensor length = per_image(reach.clamp_min(1e-12).to(rows.x.scalar_type()), rows.x);
    const int64_t count = samples();
    at::Tensor signed_sum = at::zeros_like(rows.x), sum = at::zeros_like(rows.x);
    at::Tensor signs = at::zeros_like(distance);
    for (int64_t i = 0; i < count; ++i) {
      const Stream stream = victim_.draws({0, static_cast<uint32_t>(i), step_});
      const at::Tensor noise = norm_ == Norm::l2 ? normal_noise(rows.x, rows.ids, stream, Use::estimate)
                                                 : uniform_noise(rows.x, rows.ids, stream, Use::estimate);
      const at::Tensor unit = noise / per_image(sizes_of(noise, Norm::l2).to(noise.scalar_type()), noise);
      const at::Tensor there = (rows.x + unit * length).clamp(0, 1), direction = (there - rows.x) / length;
      const at::Tensor sign = at::where(is_wrong(rows, there, i), 1.0, -1.0);
      signed_sum = signed_sum + direction * per_image(sign.to(rows.x.scalar_type()), rows.x);
      sum = sum + direction;
      signs = signs + sign;
    }
    rows.answers = rows.answers + count;
    const at::Tensor mean = signs / static_cast<double>(count), agreed = mean.abs().eq(1);
    const at::Tensor taken_off = at::where(agreed, at::zeros_like(mean), mean).to(rows.x.scalar_type());
    return steepest(signed_sum - sum * per_image(taken_off, rows.x), norm_);
  }

  /// A step along the normal that stays in the other class, halved until it does.
  void leap(Rows& rows, const at::Tensor& direction) {
    at::Tensor length = sizes_of(rows.x - rows.clean, norm_) / std::sqrt(static_cast<double>(step_));
    at::Tensor arrived = at::zeros_like(rows.alive);
    const at::Tensor from = rows.x;
    for (int64_t i = 0; i < kMostHalvings && !arrived.all().item<bool>(); ++i) {
      const at::Tensor there = (from + direction * per_image(length.to(from.scalar_type()), from)).clamp(0, 1);
      take(rows, arrived, there, samples() + i);
      length = length / 2;
    }
  }

  Victim& victim_;
  EveryDraw every_;
  const HopSkipJump::Options& options_;
  Norm norm_;
  Nearest& nearest_;
  double pixels_ = 0;
  uint32_t step_ = 0;
};

}  // namespace

void HopSkipJump::Options::bind(OptionTable& table) {
  table.integer("steps", &steps, 1, 100'000, "leaps along the boundary, each with a way back to it");
  table.integer("samples", &samples, 1, 1'000'000, "answers for the first estimate of the boundary's normal");
  table.integer("most_samples", &most_samples, 1, 1'000'000, "for a later one; they grow with the root of the step");
  table.integer("starts", &starts, 1, 1'000'000, "images of noise that are tried for one of another class");
  NearestOptions::bind(table);
}

void HopSkipJump::search(Victim& victim, const Options& options, Norm norm, Nearest& nearest) {
  nearest.count_answers();
  Rows rows{nearest.searched(), {}, {}};
  if (rows.places.size(0) == 0) return;
  Walk(victim, options, norm, nearest).run(std::move(rows));
}

}  // namespace aigis
