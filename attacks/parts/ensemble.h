// Attacks one after another, each on the images that withstood those before: what AutoAttack and the gate-aware attacks
// are.
#pragma once

#include "lib/eval/attack.h"

namespace aigis {

/// An attack of several, under the name that the report has for its part.
struct EnsembleStage {
  std::string label;
  std::shared_ptr<const Attack> attack;
};
using EnsembleStages = std::vector<EnsembleStage>;

/// A model without randomness is done with an image at its first wrong answer. One with random gates is done where all
/// of its draws are wrong; until then the image stands that most draws got wrong, the earliest of them.
class Ensemble : public Attack {
 public:
  std::vector<Norm> norms() const override { return all_norms(); }
  std::set<GateGradient> gate_paths() const override;
  bool heeds_judge() const override { return true; }
  void check(const ModelCard& card) const override;
  std::vector<std::string> notes(const ModelCard& card) const override;
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override;

 protected:
  virtual const EnsembleStages& stages(Norm norm) const = 0;
};

}  // namespace aigis
