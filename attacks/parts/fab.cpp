#include "attacks/parts/fab.h"

#include <ATen/ops/where.h>

#include "attacks/parts/hyperplane.h"
#include "attacks/parts/slopes.h"
#include "attacks/parts/towards.h"

namespace aigis {
namespace {

struct Rows : Searched {
  at::Tensor classes;  ///< [n, k] that are aimed at: one, or all at once
  at::Tensor x;

  void keep(const at::Tensor& rows) {
    Searched::keep(rows);
    keep_rows(rows, {&classes, &x});
  }
};

/// The linear model at x, of the logit of the class whose boundary is nearest less that of the label.
struct Linear {
  at::Tensor gradient;    ///< [n, C, H, W]
  at::Tensor difference;  ///< [n]
};

/// One run.
class BoundaryRun {
 public:
  BoundaryRun(Victim& victim, const FabOptions& options, Norm norm)
      : every_(victim, options.draws), options_(options), norm_(norm) {}

  void run(Rows rows, Nearest& nearest) {
    Shrinking shrinking;
    rows.x = rows.clean;
    for (int64_t step = 1; step <= options_.steps && rows.x.size(0) > 0; ++step) {
      const at::Tensor before = rows.x;
      move(rows, linearized(rows));
      at::Tensor wrong = is_wrong(rows);
      nearest.offer(rows, rows.x, wrong);
      // A step depends on nothing but the iterate: one that led nowhere always will.
      const at::Tensor at_rest = wrong.logical_not().logical_and(rows.x.eq(before).flatten(1).all(1));
      if (const at::Tensor kept = nearest.kept(rows, shrinking, at_rest); kept.defined()) {
        rows.keep(kept);
        wrong = wrong.index_select(0, kept);
      }
      retreat(rows, wrong);
    }
  }

 private:
  Linear linearized(const Rows& rows) {
    const Victim::Gradients at_x =
        every_.gradients(rows.at(rows.x), rows.classes, {rows.turn, 0, query_++}, options_.path);
    if (rows.classes.size(1) == 1) return {at_x.images.squeeze(1), at_x.differences.squeeze(1)};
    const at::Tensor nearest = nearest_boundary(at_x.differences, at_x.images).unsqueeze(1);
    return {at_x.images.take_along_dim(nearest.view({-1, 1, 1, 1, 1}), 1).squeeze(1),
            at_x.differences.gather(1, nearest).squeeze(1)};
  }

  /// Asked apart from the gradient: most steps cross the boundary, and the gradient is wanted where they come back to.
  at::Tensor is_wrong(const Rows& rows) { return every_.wrong(rows.at(rows.x), {rows.turn, 0, query_++}); }

  /// [n], of the classes that are aimed at: the one whose boundary the linear model puts nearest.
  at::Tensor nearest_boundary(const at::Tensor& differences, const at::Tensor& gradients) const {
    constexpr double kTiny = 1e-12;  // keeps distances finite where a gradient is zero; as in the authors' code
    return (differences.abs() / (slopes_of(gradients, norm_) + kTiny)).argmin(1);
  }

  /// To the boundary of the linear model, drawn towards the clean image by as much as that is near it.
  void move(Rows& rows, const Linear& linear) const {
    const at::Tensor w = linear.gradient.flatten(1), x = rows.x.flatten(1), clean = rows.clean.flatten(1);
    const at::Tensor b = (w * x).sum(1) - linear.difference;
    const at::Tensor from_x = change_onto_hyperplane(x, w, b, norm_).view(rows.x.sizes());
    const at::Tensor from_clean = change_onto_hyperplane(clean, w, b, norm_).view(rows.x.sizes());
    constexpr double kLeast = 1e-8;
    const auto length = [&](const at::Tensor& change) { return sizes_of(change, norm_).clamp_min(kLeast); };
    const at::Tensor near = length(from_x), far = length(from_clean);
    const at::Tensor bias =
        per_image((near / (near + far)).clamp_max(options_.most_bias).to(rows.x.scalar_type()), rows.x);
    const at::Tensor step = rows.x + from_x * options_.overshoot, biased = rows.clean + from_clean * options_.overshoot;
    rows.x = (step * (1 - bias) + biased * bias).clamp(0, 1);
  }

  /// Those that are misclassified come back a little.
  void retreat(Rows& rows, const at::Tensor& wrong) const {
    const at::Tensor back = rows.clean + (rows.x - rows.clean) * options_.retreat;
    rows.x = at::where(per_image(wrong, rows.x), back, rows.x);
  }

  EveryDraw every_;
  const FabOptions& options_;
  Norm norm_;
  uint32_t query_ = 0;
};

}  // namespace

void FabOptions::bind(OptionTable& table) {
  table.integer("steps", &steps, 1, 100'000, in_turn ? "steps towards each class" : "steps");
  bind_classes(table, &classes);
  table.number("most_bias", &most_bias, 0, 1, "share of a step", "that is taken from the clean image (alpha_max)");
  table.number("overshoot", &overshoot, 1, 10, "steps", "by which a step goes beyond the boundary (eta)");
  table.number("retreat", &retreat, 0, 1, "share of the perturbation", "that an adversarial image keeps (beta)");
  NearestOptions::bind(table);
  path.bind(table);
}

void fab_search(Victim& victim, const FabOptions& options, Norm norm, Nearest& nearest) {
  const int64_t classes = wrong_classes(options.classes, victim.card().classes);
  search_towards(nearest, options.in_turn ? classes : 0, [&](Searched searched) {
    at::Tensor aims;
    if (options.in_turn) aims = searched.targets.unsqueeze(1);
    else aims = likeliest_wrong(nearest.clean_logits(searched), searched.labels).slice(1, 0, classes).contiguous();
    BoundaryRun(victim, options, norm).run({std::move(searched), aims, {}}, nearest);
  });
}

}  // namespace aigis
