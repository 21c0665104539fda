// What a run of APGD knows of its images, and how the length of their steps follows from that: what tells it from PGD.
#pragma once

#include "attacks/parts/objective.h"
#include "attacks/parts/shrinking.h"
#include "lib/eval/norm.h"

namespace aigis {

/// How many iterations pass between two looks at the step sizes; fewer and fewer (section 3.1 of the paper).
class Checkpoints {
 public:
  /// `sparse`: of steps as in L1.
  Checkpoints(int64_t steps, bool sparse);
  /// Once an iteration; whether this is one to look at.
  bool pass();
  int64_t period() const { return period_; }  ///< iterations up to the last checkpoint

 private:
  int64_t next_, least_, shrink_, since_ = 0, period_ = 0;
};

/// The images that are still in a run.
struct AutoPgdRows : BatchRows {
  Goal goal;
  at::Tensor x, last_move, gradient;           ///< the iterate, how it came from the last one, and its gradient
  at::Tensor best, best_gradient, best_loss;   ///< where the loss was greatest
  at::Tensor loss, rises;                      ///< the iterate's loss; how often it rose since the last checkpoint
  at::Tensor step, was_halved, loss_at_check;  ///< [n] length of a step; state at the last checkpoint
  at::Tensor share, changed;  ///< L1: share of pixel values that a step moves; how many differ from clean

  void keep(const at::Tensor& rows);

  /// From x, whose loss and gradient are known, with steps of `full` length in `norm`.
  void begin(Norm norm, double full);
  /// L1: steps become as sparse as the change of a start that comes from another budget.
  void begin_sparse();
  /// The sign of the steepest elements, each image's own share of them, over their number: a step in L1.
  at::Tensor sparse_direction() const;
  /// [n] bool: at the best iterate, without a gradient (`flat`) or inertia. If the model's answers do not draw, that is
  /// final.
  at::Tensor at_rest(const at::Tensor& flat) const;
  /// x may be the best so far.
  void remember();

  /// At a checkpoint: halves the step where the loss rose in no more than `rho` of `period` iterations, or where the
  /// last step was kept and brought nothing, and goes back to the best there.
  void halve(double rho, int64_t period);
  /// The same in L1: fewer pixel values at a time where the best image changes fewer of them, else shorter steps.
  void sparsify(double full);

 private:
  /// To the best iterate, without its inertia.
  void go_back(const at::Tensor& which);
};

}  // namespace aigis
