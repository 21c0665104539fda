// AutoAttack: one strong attack after another, each on the images that withstood those before (Croce & Hein, ICML 2020,
// section 4).
#pragma once

#include "attacks/parts/auto_pgd.h"
#include "attacks/parts/ensemble.h"

namespace aigis {

enum class AutoAttackVersion {
  standard,  ///< apgd-ce, apgd-t, fab-t, square; L1: with larger budgets first, and 5 classes and restarts (Croce &
             ///< Hein 2021)
  rand,      ///< for models that answer at random: apgd-ce and apgd-dlr, whose gradients average over 20 draws
};

struct AutoAttackOptions {
  AutoAttackVersion version = AutoAttackVersion::standard;
  int64_t steps = 100;
  int64_t queries = 5000;                    ///< squares that square tries
  int64_t draws = 20;                        ///< gradients that a step of rand averages over
  JudgedBy judged_by = JudgedBy::last_draw;  ///< of them
  GatePathOptions path;
  void bind(OptionTable& table);
};

/// Where gates are random, an image goes on to the next attack until all of its draws are wrong; the authors' code
/// takes one draw's word for it. Within an attack `rand` takes it, too, as they do, unless `judged_by` says otherwise.
class AutoAttack : public Ensemble {
 public:
  static constexpr const char* kName = "autoattack";
  static constexpr const char* kSummary = "apgd-ce, apgd-t, fab-t and square, one after the other on what is left";
  static constexpr const char* kSource = "Croce & Hein 2020, arXiv:2003.01690, section 4; L1: arXiv:2103.01208";
  using Options = AutoAttackOptions;

  explicit AutoAttack(const Options& options);
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  int64_t draws() const override { return options_.version == AutoAttackVersion::rand ? options_.draws : 1; }

 private:
  const EnsembleStages& stages(Norm norm) const override { return norm == Norm::l1 ? stages_l1_ : stages_; }

  Options options_;
  EnsembleStages stages_, stages_l1_;
};

}  // namespace aigis
