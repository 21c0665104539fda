// The one loop of all iterated gradient attacks: from a start inside the ball along gradients, step by step, projected
// back. What tells its members apart are the options below; each is explained in the file of the attack named for it.
#pragma once

#include "attacks/parts/band.h"
#include "attacks/parts/diversity.h"
#include "attacks/parts/objective.h"
#include "attacks/parts/patchwise.h"
#include "attacks/parts/presets.h"
#include "attacks/parts/translation.h"
#include "lib/eval/attack.h"

namespace aigis {

enum class Start {
  clean,    ///< the clean image
  uniform,  ///< uniform in the ball
  sign,     ///< a corner: the sign of normal noise
};
/// How the length of a step goes down from its first value to, nearly, zero.
enum class Decay {
  none,
  linear,
  cosine,
};
enum class Keep {
  last,  ///< the last iterate
  best,  ///< of those whose answer is as wanted, or else of all, the iterate of the greatest loss
};

struct AscentOptions {
  std::string preset = "none";  ///< whose defaults were taken; other options win over it
  int64_t steps = 10;
  double relative_step_size = 0.25;  ///< length of a step in epsilons
  double step_size = 0;              ///< length of a step in the norm instead, the same for all epsilons; 0: relative
  Decay decay = Decay::none;
  Start start = Start::clean;
  double start_size = 1;  ///< radius of the start's ball in epsilons
  int64_t restarts = 1;
  Keep keep = Keep::last;
  bool stop = true;                ///< leave images that the judge is known to get wrong
  double l1_share = 0.01;          ///< L1: share of the pixel values that a step changes (Tramèr & Boneh 2019)
  double momentum = 0;             ///< decay of the accumulated direction; 0: none (mi_fgsm.h)
  bool nesterov = false;           ///< gradients are taken where momentum will lead (ni_fgsm.h)
  int64_t scales = 1;              ///< copies x, x/2, x/4, … whose gradients are averaged (si_ni_fgsm.h)
  int64_t neighbours = 0;          ///< images around the iterate that tune the gradient's variance (vmi_fgsm.h)
  double neighbourhood = 1.5;      ///< radius of the ball that they are drawn from, in epsilons
  int64_t samples = 1;             ///< points along the last direction whose gradients are averaged (emi_fgsm.h)
  double sample_radius = 7;        ///< how far they reach, in steps
  DiversityOptions diversity;      ///< di_fgsm.h
  TranslationOptions translation;  ///< ti_fgsm.h
  PatchwiseOptions patchwise;      ///< pi_fgsm.h
  BandOptions band;                ///< gate_lowfreq.h
  ObjectiveOptions objective;

  /// Those of an attack are its own Options'.
  static Presets presets() { return {}; }
  void bind(OptionTable& table, const Presets& tools);
  void bind_step_size(OptionTable& table);
  void bind_start(OptionTable& table);
  /// Length of a step, in the norm.
  double step_length(double epsilon, uint32_t number) const;
  /// L1: how many pixel values a step changes.
  int64_t l1_coordinates(const at::Tensor& images) const;
  /// As Attack::norms and Attack::refusal; `tools` as in bind().
  std::vector<Norm> norms(const Presets& tools) const;
  std::string refusal(const Presets& tools, Norm norm) const;
  /// Throws InputError where options contradict each other or the model.
  void check(const ModelCard& card) const;
};

/// Runs the loop; all state lives inside. Returns images inside the ball and the box.
at::Tensor ascend(Victim& victim, const Batch& batch, const AscentOptions& options, Norm norm, double epsilon);
/// With a goal that is not goal_of() the options.
at::Tensor ascend(Victim& victim, const Batch& batch, const Goal& goal, const AscentOptions& options, Norm norm,
                  double epsilon);

/// An attack that is nothing but the loop with its own defaults. `T` names it:
/// `struct Bim { static constexpr kName, kSummary, kSource; struct Options : AscentOptions { … bind(table) }; }`.
template <class T>
class AscentAttack : public Attack {
 public:
  static constexpr const char* kName = T::kName;
  static constexpr const char* kSummary = T::kSummary;
  static constexpr const char* kSource = T::kSource;
  using Options = typename T::Options;

  explicit AscentAttack(const Options& options) : options_(options) {}
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  std::set<GateGradient> gate_paths() const override { return {options_.objective.path.gradient}; }
  std::vector<Norm> norms() const override { return options_.norms(Options::presets()); }
  std::string refusal(Norm norm) const override { return options_.refusal(Options::presets(), norm); }
  bool heeds_judge() const override { return options_.stop; }
  int64_t draws() const override { return options_.objective.draws; }
  bool wants_any_answer() const override {
    return Attack::wants_any_answer() && options_.objective.wants_answer && !options_.objective.constraint;
  }
  void check(const ModelCard& card) const override { options_.check(card); }
  std::vector<std::string> notes(const ModelCard& card) const override {
    return loss_notes(options_.objective, card.classes);
  }
  bool is_targeted() const override { return options_.objective.targeted(); }
  at::Tensor targets(Victim& victim, const Batch& batch) const override {
    return targets_of(options_.objective, victim, batch);
  }
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override {
    std::vector<at::Tensor> candidates;
    for (const double epsilon : epsilons) candidates.push_back(ascend(victim, batch, options_, norm, epsilon));
    return candidates;
  }

 protected:
  Options options_;
};

}  // namespace aigis
