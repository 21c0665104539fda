// Auto-PGD: PGD with momentum that chooses the length of its steps by what they achieved (Croce & Hein, ICML 2020,
// algorithm 1; for L1: Croce & Hein, ICML 2021, algorithm 1). Its members differ in the options below.
#pragma once

#include "attacks/parts/band.h"
#include "attacks/parts/objective.h"
#include "lib/eval/attack.h"

namespace aigis {

/// Which draws of a step say what its iterate is worth.
enum class JudgedBy {
  all_draws,
  last_draw,  ///< as in the code of AutoAttack's authors
};
OptionTable::Added bind_judged_by(OptionTable& table, JudgedBy* judged_by);

struct AutoPgdOptions {
  int64_t steps = 100;
  double rho = 0.75;            ///< a step is halved where the loss rose in no more than this share of iterations
  int64_t restarts = 1;         ///< from other starts
  bool in_turn = false;         ///< aims at the likeliest wrong classes one after the other (apgd_t.h)
  int64_t classes = 0;          ///< how many of them; 0: all, but at most 9
  bool larger_budgets = false;  ///< L1 only: 3/10 of the steps at 3 epsilon and 3/10 at 2 epsilon come first
  bool stop = true;             ///< leave images that the judge is known to get wrong
  JudgedBy judged_by = JudgedBy::all_draws;
  BandOptions band;
  ObjectiveOptions objective;

  void bind(OptionTable& table);
  std::vector<Norm> norms() const;
  std::string refusal(Norm norm) const;  ///< as Attack::refusal
  void check(const ModelCard& card) const;
};

/// Images inside the ball and the box: the last that the model was seen to get wrong; where several draws judge, the
/// one that most of them get wrong, and of such the one of the greatest loss. If none was, that of the greatest loss.
at::Tensor auto_pgd(Victim& victim, const Batch& batch, const AutoPgdOptions& options, Norm norm, double epsilon);

/// An attack that is nothing but Auto-PGD with its own defaults, named by `T` as in AscentAttack (ascent.h).
template <class T>
class AutoPgdAttack : public Attack {
 public:
  static constexpr const char* kName = T::kName;
  static constexpr const char* kSummary = T::kSummary;
  static constexpr const char* kSource = T::kSource;
  using Options = typename T::Options;

  explicit AutoPgdAttack(const Options& options) : options_(options) {}
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  std::set<GateGradient> gate_paths() const override { return {options_.objective.path.gradient}; }
  std::vector<Norm> norms() const override { return options_.norms(); }
  std::string refusal(Norm norm) const override { return options_.refusal(norm); }
  bool heeds_judge() const override { return options_.stop; }
  int64_t draws() const override { return options_.objective.draws; }
  void check(const ModelCard& card) const override { options_.check(card); }
  std::vector<std::string> notes(const ModelCard& card) const override {
    return loss_notes(options_.objective, card.classes);
  }
  /// Many targets are a way to any wrong answer.
  bool is_targeted() const override { return options_.objective.targeted() && !options_.in_turn; }
  at::Tensor targets(Victim& victim, const Batch& batch) const override {
    return is_targeted() ? targets_of(options_.objective, victim, batch) : at::Tensor();
  }
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override {
    std::vector<at::Tensor> candidates;
    for (const double epsilon : epsilons) candidates.push_back(auto_pgd(victim, batch, options_, norm, epsilon));
    return candidates;
  }

 private:
  Options options_;
};

}  // namespace aigis
