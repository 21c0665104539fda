#include "attacks/fab_t.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <fmt/format.h>

#include <algorithm>

#include "attacks/parts/hyperplane.h"
#include "attacks/parts/shrinking.h"
#include "lib/core/error.h"

namespace aigis {
namespace {

at::Tensor column(const at::Tensor& numbers) { return numbers.view({-1, 1, 1, 1}); }

/// The nearest adversarial images so far, of the whole batch.
struct Nearest {
  at::Tensor images;
  at::Tensor distance;  ///< [N], infinite where none is known
};

struct Rows {
  at::Tensor places;  ///< [n] rows of the whole batch
  at::Tensor alive;   ///< [n] bool; a row that is done only fills up the batch
  at::Tensor clean, ids, labels, targets;
  at::Tensor x;
  at::Tensor gradient, difference;  ///< of the target's logit to the label's, at x

  void keep(const at::Tensor& rows) {
    for (at::Tensor* t : {&places, &alive, &clean, &ids, &labels, &targets, &x, &gradient, &difference}) {
      if (t->defined()) *t = t->index_select(0, rows.to(t->device()));
    }
  }
};

/// One run towards one class.
class Fab {
 public:
  Fab(Victim& victim, const FabTOptions& options, Norm norm, double enough, uint32_t run)
      : victim_(victim), options_(options), norm_(norm), enough_(enough), run_(run) {}

  void run(Rows rows, Nearest& nearest) {
    rows.x = rows.clean;
    at::Tensor wrong = ask(rows);
    for (int64_t step = 0; step < options_.steps && rows.x.size(0) > 0; ++step) {
      move(rows);
      wrong = ask(rows);
      record(rows, wrong, nearest);
      if (step + 1 == options_.steps) break;
      const at::Tensor kept = leave(rows, nearest);
      if (kept.defined()) {
        rows.keep(kept);
        wrong = wrong.index_select(0, kept);
      }
      retreat(rows, wrong);
    }
  }

 private:
  Victim::Gradient gradient(const Rows& rows) {
    const Loss loss = [&](const Output& output) {
      const auto of = [&](const at::Tensor& classes) {
        return output.logits.gather(1, classes.unsqueeze(1)).squeeze(1);
      };
      return of(rows.targets) - of(rows.labels);
    };
    return victim_.gradient(rows.x, rows.ids, loss, {run_, 0, query_++}, options_.path);
  }

  /// Fills in the gradient at x; returns which images are misclassified.
  at::Tensor ask(Rows& rows) {
    const Victim::Gradient at_x = gradient(rows);
    rows.gradient = at_x.images;
    rows.difference = at_x.losses;
    return at_x.logits.argmax(1).ne(rows.labels);
  }

  /// To the boundary of the linear model, drawn towards the clean image by as much as that is near it.
  void move(Rows& rows) const {
    const at::Tensor w = rows.gradient.flatten(1), x = rows.x.flatten(1), clean = rows.clean.flatten(1);
    const at::Tensor b = (w * x).sum(1) - rows.difference;
    const at::Tensor from_x = change_onto_hyperplane(x, w, b, norm_).view(rows.x.sizes());
    const at::Tensor from_clean = change_onto_hyperplane(clean, w, b, norm_).view(rows.x.sizes());
    constexpr double kLeast = 1e-8;
    const auto length = [&](const at::Tensor& change) { return sizes_of(change, norm_).clamp_min(kLeast); };
    const at::Tensor near = length(from_x), far = length(from_clean);
    const at::Tensor bias = column((near / (near + far)).clamp_max(options_.most_bias).to(rows.x.scalar_type()));
    rows.x =
        ((rows.x + from_x * options_.overshoot) * (1 - bias) + (rows.clean + from_clean * options_.overshoot) * bias)
            .clamp(0, 1);
  }

  void record(const Rows& rows, const at::Tensor& wrong, Nearest& nearest) const {
    const at::Tensor distance = sizes_of(rows.x - rows.clean, norm_);
    const at::Tensor nearer = wrong.logical_and(distance.lt(nearest.distance.index_select(0, rows.places)));
    const at::Tensor chosen = nearer.nonzero().squeeze(1), places = rows.places.index_select(0, chosen);
    nearest.images.index_copy_(0, places, rows.x.index_select(0, chosen));
    nearest.distance.index_copy_(0, places, distance.index_select(0, chosen));
  }

  /// Images that are adversarial within the smallest budget need nothing nearer.
  at::Tensor leave(Rows& rows, const Nearest& nearest) {
    if (!options_.stop || !victim_.is_final()) return {};
    rows.alive = nearest.distance.index_select(0, rows.places).gt(enough_);
    return shrinking_.kept(rows.alive);
  }

  /// Those that are misclassified come back a little; there they are asked again.
  void retreat(Rows& rows, const at::Tensor& wrong) {
    const at::Tensor chosen = wrong.nonzero().squeeze(1);
    if (chosen.size(0) == 0) return;
    Rows some = rows;
    some.keep(chosen);
    some.x = some.clean + (some.x - some.clean) * options_.retreat;
    ask(some);
    rows.x = rows.x.index_copy(0, chosen, some.x);
    rows.gradient = rows.gradient.index_copy(0, chosen, some.gradient);
    rows.difference = rows.difference.index_copy(0, chosen, some.difference);
  }

  Victim& victim_;
  const FabTOptions& options_;
  Norm norm_;
  double enough_;
  uint32_t run_, query_ = 0;
  Shrinking shrinking_;
};

}  // namespace

void FabTOptions::bind(OptionTable& table) {
  table.integer("steps", &steps, 1, 100'000, "steps towards each class");
  table.integer("classes", &classes, 0, 10'000,
                "wrong classes that are aimed at, the likeliest first; 0: all, but at most 9");
  table.number("most_bias", &most_bias, 0, 1, "share of a step", "that is taken from the clean image (alpha_max)");
  table.number("overshoot", &overshoot, 1, 10, "steps", "by which a step goes beyond the boundary (eta)");
  table.number("retreat", &retreat, 0, 1, "share of the perturbation", "that an adversarial image keeps (beta)");
  table.flag(
      "stop", &stop,
      "leave an image once it is broken within the smallest budget, where the model that is attacked also judges "
      "and is deterministic");
  path.bind(table);
}

int64_t FabTOptions::rounds(const ModelCard& card) const { return wrong_classes(classes, card.classes); }

void FabT::check(const ModelCard& card) const { check_wrong_classes(options_.classes, card); }

std::vector<at::Tensor> FabT::propose(Victim& victim, const Batch& batch, Norm norm,
                                      at::ArrayRef<double> epsilons) const {
  const int64_t count = batch.images.size(0);
  Nearest nearest{batch.images.clone(), at::full({count}, std::numeric_limits<double>::infinity(),
                                                 at::TensorOptions(at::kDouble).device(batch.images.device()))};
  if (count > 0 && !epsilons.empty()) {
    const double enough = *std::min_element(epsilons.begin(), epsilons.end());
    const at::Tensor logits = victim.forward(batch.images, batch.ids, {}).logits;
    const at::Tensor ranking = logits.argsort(/*stable=*/true, 1, /*descending=*/true);
    // What is wrong already is its own nearest adversarial image.
    nearest.distance.masked_fill_(ranking.select(1, 0).ne(batch.labels), 0);
    for (int64_t round = 0; round < options_.rounds(victim.card()); ++round) {
      const at::Tensor open = nearest.distance.gt(options_.stop && victim.is_final() ? enough : 0);
      const at::Tensor places = open.nonzero().squeeze(1);
      if (places.size(0) == 0) break;
      Rows rows{at::arange(count, batch.labels.options()),
                open,
                batch.images,
                batch.ids,
                batch.labels,
                ranking.select(1, round + 1),
                {},
                {},
                {}};
      rows.keep(places);
      Fab(victim, options_, norm, enough, static_cast<uint32_t>(round)).run(std::move(rows), nearest);
    }
  }
  std::vector<at::Tensor> candidates;
  for (const double epsilon : epsilons) candidates.push_back(within(batch.images, nearest.images, norm, epsilon));
  return candidates;
}

}  // namespace aigis
