// The gradient that a step follows: at the iterate or ahead of it, alone or averaged over copies, points and
// neighbours.
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

/// A gradient over its mean absolute value; zero where the gradient is.
at::Tensor normalized(const at::Tensor& gradient);
/// A direction without the elements that the box already stops at `x`: in L1 they would take the place of those that
/// can move.
at::Tensor free_to_move(const at::Tensor& x, const at::Tensor& direction);

class StepGradient {
 public:
  /// `restart` is the number of the run whose gradients these are.
  StepGradient(Victim& victim, const AscentOptions& options, Norm norm, double epsilon, uint32_t restart)
      : victim_(victim), options_(options), norm_(norm), epsilon_(epsilon), restart_(restart) {}

  /// Who the images are, [n].
  struct Who {
    const at::Tensor& ids;
    const Goal& goal;
  };

  /// It is taken at the iterate itself, with nothing random about it: so the logits are the iterate's.
  bool is_plain() const;

  /// At `x`, or where momentum leads, and over points along the last direction, which it renews. Those may lie outside
  /// the ball and the box, as published: images are not handed out from there. Both directions are undefined until
  /// there is one. `number` is that of the step. Flat is what is so at all points. Worth, which is the iterate's, is
  /// there only where is_plain().
  Ascended of_step(const at::Tensor& x, const Who& who, const at::Tensor& momentum, at::Tensor& last_direction,
                   uint32_t number, bool with_worth);

  /// The difference between the mean gradient in a ball of the norm around `x` and `gradient`, which is the one at x.
  at::Tensor variance(const at::Tensor& x, const Who& who, const at::Tensor& gradient, uint32_t number);

 private:
  /// An accumulated or mean direction as a move of length 1 in the norm, that of a step along it from `x`. In Linf the
  /// direction itself, as published: its mean absolute value, 1 for each gradient in it, is a length there and nowhere
  /// else.
  at::Tensor unit_move(const at::Tensor& x, const at::Tensor& direction) const;
  /// Over darker copies. Noise is that of the `evaluation`, counted from 0 within the step.
  Ascended over_copies(const at::Tensor& point, const Who& who, uint32_t evaluation, uint32_t number, bool with_worth);
  Ascended through_diversity(const at::Tensor& point, const Who& who, const Position& position, bool with_worth);

  Victim& victim_;
  const AscentOptions& options_;
  Norm norm_;
  double epsilon_;
  uint32_t restart_;
};

}  // namespace aigis
