// A model that remembers which images an attack had broken on its way. An attack that lets go of what it had found
// reports more robustness than there is (Carlini et al. 2019, arXiv:1902.06705, section 4: return the best iterate).
#pragma once

#include "lib/eval/attack.h"
#include "lib/eval/norm.h"

namespace aigis {

/// Whether an evaluation watches an attack that sees its judge: one that is told what the verdict will be, and wants no
/// more than that.
bool is_worth_watching(const Attack& attack, const ModelCard& card);

class Witness : public Model {
 public:
  /// `wanted` are the classes that the attack aims at, [N]; undefined without a target. Model and batch must outlive
  /// it.
  Witness(Model& model, const Batch& batch, const at::Tensor& wanted, Norm norm, double epsilon);

  /// Answers as the model does. A query counts if it is what the verdict would be asked: an image within budget and
  /// box that is not the clean one, through hard gates of the model's own, answered wrongly by more than rounding.
  Output forward(const at::Tensor& images, const Pass& pass) override;
  const ModelCard& card() const override { return model_.card(); }
  bool is_training() const override { return model_.is_training(); }

  /// [N] bool, on the CPU: some query of it counted.
  at::Tensor met() const;

 private:
  /// Where images stand in the batch, on its device; undefined for other images, such as a neighbour's. An attack asks
  /// of the same images again and again, with the same tensor of ids.
  at::Tensor rows_of(const at::Tensor& ids);

  Model& model_;
  const Batch& batch_;
  at::Tensor wanted_;
  Norm norm_;
  double epsilon_;
  at::Tensor queries_;     ///< [N] int64, on the device
  at::Tensor ids_, rows_;  ///< what rows_of() was asked last, and its answer
};

}  // namespace aigis
