// What attacks on gates want of the gates, and what they leave as it is. Gates decide by the logit difference
// D = logit of open - logit of closed; margins are taken of D, for the probability sigmoid(D) has no gradient left
// where a gate is sure.
#pragma once

#include "lib/core/model.h"

namespace aigis {

struct Goal;

/// A part of what is ascended: larger is better for the attack.
class GateTerm {
 public:
  virtual ~GateTerm() = default;
  /// [N], from the gates of one pass.
  virtual at::Tensor value(const Gates& gates, const Goal& goal) const = 0;
  /// [N]: what that stands for where its gradient leads another way; the best iterate is the one of the greatest.
  virtual at::Tensor worth(const Gates& gates, const Goal& goal) const { return value(gates, goal); }
  /// [N] bool, for such values: nothing is left to want; undefined where something always is.
  virtual at::Tensor met(const at::Tensor& /*value*/) const { return {}; }
};

/// What states gates are driven to.
enum class GateStates {
  open,
  shut,
  wanted,  ///< those of Goal::graph
};

/// -sum_l c_l max(0, k - s_l D_l), with c_l a layer's share of the cost that gates may save (as Goal::gate_weight
/// weighs it): each open (s = 1) or shut (s = -1) so surely that it stays so with probability `confidence` under its
/// own noise, k = logit(confidence). Its worth is the share of the cost whose gates are as wanted, expected where they
/// draw; margins tell equals apart.
class GateMargin : public GateTerm {
 public:
  GateMargin(GateStates states, double confidence) : states_(states), confidence_(confidence) {}
  at::Tensor value(const Gates& gates, const Goal& goal) const override;
  at::Tensor worth(const Gates& gates, const Goal& goal) const override;
  at::Tensor met(const at::Tensor& value) const override { return value.ge(0); }

 private:
  /// [N, L]: above 0 where a gate is as wanted.
  at::Tensor towards(const at::Tensor& logits, const Goal& goal) const;
  /// [L] or [N, L], 1 in sum.
  at::Tensor weights(const Gates& gates, const Goal& goal) const;
  GateStates states_;
  double confidence_;
};

/// The graph of a class, whose gates are open with probability q_l and tell it from other classes by w_l, 1 in sum:
/// -sum_l w_l |2 q_l - 1| max(0, k - s_l D_l), each gate driven as surely as by GateMargin to what it usually is for
/// the class (s = 1 where q > 1/2). Cross-entropy to q_l would leave gates near their threshold. Its worth is the
/// likeness that reports tell, 1 - sum_l w_l |g_l - q_l|, expected where gates draw.
class GateLikeness : public GateTerm {
 public:
  /// Both [L] float64.
  GateLikeness(at::Tensor probability, at::Tensor weight, double confidence)
      : probability_(std::move(probability)), weight_(std::move(weight)), confidence_(confidence) {}
  at::Tensor value(const Gates& gates, const Goal& goal) const override;
  at::Tensor worth(const Gates& gates, const Goal& goal) const override;
  at::Tensor met(const at::Tensor& value) const override { return value.ge(0); }

 private:
  /// q and w as the gates' logits are.
  struct Rates {
    at::Tensor probability, weight;
  };
  Rates rates_for(const at::Tensor& logits) const;
  /// What value() is by such rates.
  at::Tensor margins(const at::Tensor& logits, const Rates& rates) const;

  at::Tensor probability_, weight_;
  double confidence_;
};

/// Gates that are as unsure as can be, so that the executed cost varies most from one pass to the next: over sum_l
/// c_l^2, the sum of c_l^2 log((wide^2 + D_l^2) / (narrow^2 + D_l^2)) / (2 log(wide / narrow)), which is the mean of
/// bumps 1 / (1 + (D_l / w)^2) over all widths w from `narrow` to `wide`, each ratio alike. Its worth is the variance
/// of the cost if gates drew apart from one another, sum_l c_l^2 p_l (1 - p_l), whose own slope is all but flat where a
/// gate is sure; what later gates owe to earlier ones is left out.
class GateDoubt : public GateTerm {
 public:
  GateDoubt(double narrow, double wide) : narrow_(narrow), wide_(wide) {}
  at::Tensor value(const Gates& gates, const Goal& goal) const override;
  at::Tensor worth(const Gates& gates, const Goal& goal) const override;

 private:
  double narrow_, wide_;
};

/// Something that must hold; attacks find the weight of its violation by dual ascent.
class Constraint {
 public:
  virtual ~Constraint() = default;
  /// [N], above 0 where it does not hold, with a gradient.
  virtual at::Tensor violation(const Output& output, const Goal& goal) const = 0;
  /// [N] bool: what is asked of the image that is handed out, which may be less than what the attack works for.
  virtual at::Tensor holds(const Output& output, const Goal& goal) const = 0;
};

/// The answer stays what it is for the clean image, by a margin of logits.
class KeepAnswer : public Constraint {
 public:
  explicit KeepAnswer(double margin) : margin_(margin) {}
  at::Tensor violation(const Output& output, const Goal& goal) const override;
  at::Tensor holds(const Output& output, const Goal& goal) const override;

 private:
  double margin_;
};

/// The executed share of what gates may save stays what it is for the clean image, by at most `tolerance`; of random
/// gates, the share that is expected of their probabilities.
class KeepCost : public Constraint {
 public:
  explicit KeepCost(double tolerance) : tolerance_(tolerance) {}
  at::Tensor violation(const Output& output, const Goal& goal) const override;
  at::Tensor holds(const Output& output, const Goal& goal) const override;

 private:
  double tolerance_;
};

/// Dual ascent: what is violated weighs more at the next step, what holds weighs less.
at::Tensor reweighed(const at::Tensor& weight, const at::Tensor& violation);

/// [N]: the executed share of what gates may save, in one pass.
at::Tensor executed_share(const Gates& gates);
/// [N]: the same, with a gradient; where gates are random, the share that is expected of their probabilities.
at::Tensor usual_share(const Gates& gates, bool random);

}  // namespace aigis
