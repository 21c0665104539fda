// The options that attacks on gates share: PGD from the clean image whose best iterate counts.
#pragma once

#include "attacks/parts/ascent.h"
#include "attacks/parts/gate_term.h"

namespace aigis {

/// Throws InputError for a model without gates, or with gates that do not look at the image.
void check_gated(const ModelCard& card);
/// Throws InputError where the constraint KeepCost would have no gradient: of gates that do not draw it has one only
/// through their states.
void check_keeps_cost(const GatePathOptions& path, const ModelCard& card);
/// What a report tells of an attack that learns from so many images.
std::string learnt_note(int64_t images);

struct GateAttackOptions : AscentOptions {
  double confidence = 0.95;   ///< probability with which each gate is to stay as the attack wants it
  bool keep_label = false;    ///< the answer stays what it is for the clean image
  double label_margin = 0.5;  ///< by so much in logits, while the attack works on it

  GateAttackOptions() {
    steps = 40;
    relative_step_size = 0.25;
    decay = Decay::linear;  // the last steps set gates right that long ones pass over, within large budgets most
    keep = Keep::best;
    stop = false;
    objective.answer_weight = 0;
    objective.wants_answer = false;
  }
  void bind(OptionTable& table);
  void check(const ModelCard& card) const {
    check_gated(card);
    AscentOptions::check(card);
  }

 protected:
  /// For wrong answers rather than gates alone: they fall to steps of one length, as PGD's.
  void want_answers() {
    objective.answer_weight = 1;
    objective.wants_answer = true;
    relative_step_size = 0.125;
    decay = Decay::none;
  }
  void bind_steps(OptionTable& table);
  void bind_label(OptionTable& table);
};

/// An attack on gates. `T` names it as in AscentAttack, and says what it is out for (kAim); its Options derive from
/// GateAttackOptions, and `settle()` makes the objective that they ask for, as far as it need not be learnt.
template <class T>
class GateAttack : public AscentAttack<T> {
 public:
  using Options = typename T::Options;
  explicit GateAttack(const Options& options) : AscentAttack<T>(settled(options)) {}
  Aim aim() const override { return T::kAim; }

 private:
  static Options settled(Options options) {
    if (options.keep_label) options.objective.constraint = std::make_shared<KeepAnswer>(options.label_margin);
    options.settle();
    return options;
  }
};

}  // namespace aigis
