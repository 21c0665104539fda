#include "attacks/cw.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <limits>

#include "attacks/parts/adam.h"
#include "attacks/parts/tanh_space.h"

namespace aigis {
namespace {

constexpr double kProgress = 0.9999;  ///< share of the loss a tenth of the steps ago that must be undercut to go on
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Rows : Searched {
  at::Tensor origin, w;  ///< the clean image and the iterate, in tanh space
  Adam adam;
  at::Tensor weight, checked;  ///< [n] float64: c, and the loss at the last check
  at::Tensor found;            ///< [n] bool: wrong with this weight
  at::Tensor index;            ///< [n] rows of all that the run began with

  void keep(const at::Tensor& rows) {
    Searched::keep(rows);
    keep_rows(rows, {&origin, &w, &weight, &checked, &found, &index});
    adam.keep(rows);
  }
};

class Minimization {
 public:
  Minimization(Victim& victim, const CarliniWagner::Options& options, Nearest& nearest)
      : victim_(victim), every_(victim, options.draws, options.confidence), options_(options), nearest_(nearest) {}

  /// With a weight for each image; returns for which it led to a wrong answer, in the order of `all`.
  at::Tensor run(const Searched& all, const at::Tensor& weight, uint32_t number) {
    Rows rows{all, to_tanh_space(all.clean), {}, {}, weight, at::full_like(weight, kInfinity), {}, {}};
    rows.w = rows.origin;
    rows.found = at::zeros_like(all.alive);
    at::Tensor found = at::zeros_like(all.alive);
    rows.index = at::arange(rows.places.size(0), rows.places.options());
    Shrinking shrinking;
    const int64_t tenth = (options_.steps + 9) / 10;
    for (int64_t step = 0; step < options_.steps && rows.w.size(0) > 0; ++step) {
      const at::Tensor x = from_tanh_space(rows.w), from = from_tanh_space(rows.origin);
      const Victim::Gradient at_x = gradient(rows, x, {number, 0, static_cast<uint32_t>(step)});
      const at::Tensor loss = at_x.losses.to(at::kDouble) + (x - from).flatten(1).square().sum(1).to(at::kDouble);
      const at::Tensor gradient_in_w = (at_x.images + (x - from) * 2) * tanh_space_slope(rows.w);
      rows.w = rows.w - rows.adam.step(gradient_in_w) * options_.step_size;
      at::Tensor goes_on = at::full_like(rows.found, true);
      // Nothing pulls at the clean image but the margin, whatever its weight.
      if (step == 0 && !victim_.card().has_random_gates) goes_on = at_x.flat.logical_not();
      if (step % tenth == 0) {
        goes_on = goes_on.logical_and(loss.le(rows.checked * kProgress));
        rows.checked = loss;
      }
      // What stops here is dropped though it may be wrong, as by the authors' code and foolbox.
      const at::Tensor wrong = every_.lost(at_x.logits, rows.labels).logical_and(goes_on);
      rows.found = rows.found.logical_or(wrong);
      nearest_.offer(rows, x, wrong);
      leave(rows, goes_on, found);
      if (const at::Tensor kept = nearest_.kept(rows, shrinking); kept.defined()) rows.keep(kept);
    }
    leave(rows, at::zeros_like(rows.found), found);
    return found;
  }

 private:
  Victim::Gradient gradient(const Rows& rows, const at::Tensor& x, const Position& position) {
    const auto loss = [&](const at::Tensor& some) -> Loss {
      const Goal all{rows.labels, rows.targets, {}}, goal = some.defined() ? all.select(some) : all;
      const at::Tensor weight = some.defined() ? rows.weight.index_select(0, some) : rows.weight;
      return [this, goal, weight](const Output& output) -> Losses {
        const at::Tensor margin = loss_value(LossKind::margin, output.logits, goal);
        return {(options_.confidence - margin).clamp_min(0) * weight.to(margin.scalar_type()),
                goal.lost(output.logits)};
      };
    };
    return every_.gradient(rows.at(x), loss, position, options_.path);
  }

  /// Writes down what became of the images that do not go on, and drops them.
  void leave(Rows& rows, const at::Tensor& goes_on, at::Tensor& found) {
    const at::Tensor gone = goes_on.logical_not().nonzero().squeeze(1);
    if (gone.size(0) == 0) return;
    found.index_copy_(0, rows.index.index_select(0, gone), rows.found.index_select(0, gone));
    rows.keep(goes_on.nonzero().squeeze(1));
  }

  Victim& victim_;
  EveryDraw every_;
  const CarliniWagner::Options& options_;
  Nearest& nearest_;
};

/// The binary search for the weight.
void find_weights(Victim& victim, const CarliniWagner::Options& options, Nearest& nearest, Searched rows) {
  constexpr double kGrowth = 10, kGreatest = 1e10;
  constexpr int64_t kMany = 10;
  at::Tensor weight = at::full_like(rows.places, options.weight, at::TensorOptions(at::kDouble));
  at::Tensor low = at::zeros_like(weight), high = at::full_like(weight, kInfinity);
  Shrinking shrinking;
  for (int64_t search = 0; search < options.searches && rows.places.size(0) > 0; ++search) {
    // With many weights the last is the least that was enough, once more, or the greatest where none was, as by the
    // authors' code and foolbox.
    if (options.searches >= kMany && search + 1 == options.searches) weight = high.clamp_max(kGreatest);
    const auto number = static_cast<uint32_t>(rows.turn * options.searches + search);
    const at::Tensor found = Minimization(victim, options, nearest).run(rows, weight, number);
    high = at::where(found, weight, high);
    low = at::where(found, low, weight);
    weight = at::where(high.isinf(), weight * kGrowth, (low + high) / 2);
    if (const at::Tensor kept = nearest.kept(rows, shrinking); kept.defined()) {
      rows.keep(kept);
      keep_rows(kept, {&weight, &low, &high});
    }
  }
}

}  // namespace

void CarliniWagner::Options::bind(OptionTable& table) {
  table.presets("preset", &preset, {{"foolbox", "steps=10000"}});
  table.integer("steps", &steps, 1, 1'000'000, "steps of Adam with each weight");
  table.integer("searches", &searches, 1, 100, "weights that are tried");
  bind_targets(table, &targets);
  table.number("step_size", &step_size, 1e-6, 10, "", "of Adam, in tanh space");
  table.number("weight", &weight, 1e-10, 1e10, "", "of the margin beside the squared distance, at first (c)");
  table.number("confidence", &confidence, 0, 1e4, "logits", "by which another one must exceed the label's (kappa)");
  NearestOptions::bind(table);
  path.bind(table);
}

void CarliniWagner::search(Victim& victim, const Options& options, Norm, Nearest& nearest) {
  search_towards(nearest, options.targets,
                 [&](Searched rows) { find_weights(victim, options, nearest, std::move(rows)); });
}

}  // namespace aigis
