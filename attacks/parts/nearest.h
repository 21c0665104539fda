// Attacks that look for the nearest adversarial image, whatever the budget: one run serves all of them.
#pragma once

#include "attacks/parts/every_draw.h"
#include "attacks/parts/shrinking.h"
#include "lib/eval/attack.h"

namespace aigis {

/// What every search has among its options.
struct NearestOptions {
  int64_t draws = 20;  ///< of random gates, in each of which an image must be wrong
  bool stop = true;    ///< leave images that are adversarial within the smallest budget

  void bind(OptionTable& table);
  void bind_draws(OptionTable& table);
  void check(const ModelCard&) const {}
};

/// Images that are still searched for.
struct Searched : BatchRows {
  at::Tensor labels;
  at::Tensor targets;  ///< [n] classes to go to; undefined: any
  uint32_t turn = 0;   ///< which of several searches; tells their random numbers apart

  /// With iterates [n, C, H, W] in the clean images' place.
  Batch at(const at::Tensor& x) const { return {x, labels, ids}; }
  void keep(const at::Tensor& rows) {
    BatchRows::keep(rows);
    keep_rows(rows, {&labels, &targets});
  }
};

/// The nearest adversarial images of a batch so far.
class Nearest {
 public:
  /// `stops`: images within the smallest budget need no nearer one, for the model that is attacked judges and is
  /// deterministic. Asks about the clean images in up to `draws` draws.
  Nearest(Victim& victim, const Batch& batch, Norm norm, at::ArrayRef<double> epsilons, bool stops, int64_t draws);

  /// For an attack that sees answers alone: tells the victim after how many of them an image within each budget is
  /// known, beginning with those that are wrong as they are. Only where it stops at success, as all black boxes.
  void count_answers();

  /// The images that are not done.
  Searched searched() const;
  /// Takes those of x that are wrong and nearer than what is known; where gates draw and none is known, as no image may
  /// be wrong in all draws, the farthest. `answers`, [n], of the model for each so far, where they are counted.
  void offer(const Searched& rows, const at::Tensor& x, const at::Tensor& wrong, const at::Tensor& answers = {});
  /// Marks the rows that are done, and those at rest, [n] bool, which nothing will move again; returns those to go on
  /// with, undefined for all.
  at::Tensor kept(Searched& rows, Shrinking& shrinking, const at::Tensor& at_rest = {}) const;
  /// [n], infinite where none is known.
  at::Tensor distance(const Searched& rows) const { return distance_.index_select(0, rows.places); }
  /// [n, K] for the clean images.
  at::Tensor clean_logits(const Searched& rows) const { return logits_.index_select(0, rows.places); }
  /// A batch for each budget: what lies within it. Of images that were found beyond it only, the clean ones, so that
  /// accuracy over the budget is the distribution of distances; where another judge decides, or chance, their
  /// projections, which may break them all the same.
  std::vector<at::Tensor> within_each() const;

 private:
  /// Which images came within which budget as their distances [n] fell.
  void count(const at::Tensor& before, const at::Tensor& now, const at::Tensor& answers);

  Victim& victim_;
  const Batch& batch_;
  Norm norm_;
  std::vector<double> epsilons_;
  bool stops_, counts_ = false;
  double enough_;  ///< the distance at which an image is done; negative for none
  at::Tensor images_, distance_, logits_;
};

/// An attack that is nothing but a search with its own options. `T` names it as in AscentAttack (ascent.h), and offers
/// `static std::vector<Norm> norms()` and `static void search(Victim&, const Options&, Norm, Nearest&)`; its Options
/// are derived from NearestOptions.
template <class T>
class NearestAttack : public Attack {
 public:
  static constexpr const char* kName = T::kName;
  static constexpr const char* kSummary = T::kSummary;
  static constexpr const char* kSource = T::kSource;
  using Options = typename T::Options;

  explicit NearestAttack(const Options& options) : options_(options) {}
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  std::set<GateGradient> gate_paths() const override {
    if constexpr (requires { options_.path; }) return {options_.path.gradient};
    else return {};
  }
  std::vector<Norm> norms() const override { return T::norms(); }
  bool heeds_judge() const override { return options_.stop; }
  int64_t draws() const override { return options_.draws; }
  int64_t averaged_draws() const override { return 1; }
  bool shares_budgets() const override { return true; }
  void check(const ModelCard& card) const override { options_.check(card); }
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override {
    if (batch.images.size(0) == 0) return std::vector<at::Tensor>(epsilons.size(), batch.images.clone());
    Nearest nearest(victim, batch, norm, epsilons, options_.stop && victim.is_final(), options_.draws);
    T::search(victim, options_, norm, nearest);
    return nearest.within_each();
  }

 private:
  Options options_;
};

}  // namespace aigis
