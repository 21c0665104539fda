#include "attacks/parts/square_search.h"

#include <ATen/ops/add.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>

#include <cmath>

#include "attacks/parts/random.h"
#include "attacks/parts/shrinking.h"
#include "attacks/parts/square_proposals.h"
#include "attacks/parts/squares.h"

namespace aigis {
namespace {

struct Rows : BatchRows {
  at::Tensor labels;
  at::Tensor x, value;  ///< the best image so far, and its [n] value
  at::Tensor asked;     ///< [n] how often that was measured

  void keep(const at::Tensor& rows) {
    BatchRows::keep(rows);
    keep_rows(rows, {&labels, &x, &value, &asked});
  }
};

/// A random search within one budget.
class Search {
 public:
  Search(Victim& victim, const SquareSearch& options, Norm norm, double epsilon)
      : victim_(victim), options_(options), proposals_(norm, epsilon), norm_(norm), epsilon_(epsilon),
        noises_(std::llround(options.noise_share * static_cast<double>(options.queries))) {}

  void run(Rows rows, at::Tensor& result) {
    Shrinking shrinking;
    rows.x = held(rows, proposals_.first(rows.clean, numbers(rows)));
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
      const at::Tensor tried = held(rows, query <= noises_ ? with_noise(rows) : with_square(rows, query));
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
  /// Proposals use all of the budget, and so does what of them is in the band.
  at::Tensor held(const Rows& rows, const at::Tensor& proposals) const {
    if (!options_.band.active()) return proposals;
    const at::Tensor low = low_direction(proposals - rows.clean, norm_, options_.band);
    return within(rows.clean, at::add(rows.clean, low, epsilon_), norm_, epsilon_);
  }

  at::Tensor with_noise(const Rows& rows) const {
    const at::Tensor noise = corner_noise(rows.clean, rows.ids, victim_.draws({0, 0, step_}), norm_, Use::start);
    return within(rows.clean, at::add(rows.clean, noise, epsilon_), norm_, epsilon_);
  }

  /// Noises take the place of the largest squares, which would paint over the best of them.
  at::Tensor with_square(const Rows& rows, int64_t query) const {
    const int64_t scheduled = options_.rescale ? (query - 1) * 10'000 / options_.queries : query - 1;
    return proposals_.next(rows.clean, rows.x, square_share(scheduled, options_.share), numbers(rows));
  }

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

  SquareNumbers numbers(const Rows& rows) const { return {rows.clean, rows.ids, victim_.draws({0, 0, step_})}; }

  Victim& victim_;
  const SquareSearch& options_;
  SquareProposals proposals_;
  Norm norm_;
  double epsilon_;
  int64_t noises_;
  uint32_t step_ = 0;
};

}  // namespace

void SquareSearch::bind(OptionTable& table, const std::string& queries_help) {
  table.integer("queries", &queries, 1, 10'000'000, queries_help);
  table.number("share", &share, 1e-6, 1, "share of the image", "that the first squares cover (p)");
  table.flag("rescale", &rescale, "stretch the schedule of squares, made for 10,000 queries, to as many as are made");
  band.bind(table);
}

at::Tensor square_search(Victim& victim, const Batch& batch, const SquareSearch& search, Norm norm, double epsilon) {
  at::Tensor result = batch.images.clone();
  if (batch.images.size(0) == 0) return result;
  Rows rows;
  rows.take_all(batch);
  rows.labels = batch.labels;
  Search(victim, search, norm, epsilon).run(std::move(rows), result);
  return result;
}

}  // namespace aigis
