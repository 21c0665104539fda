#include <ATen/ops/log_softmax.h>
#include <ATen/ops/where.h>
#include <fmt/format.h>

#include <limits>
#include <stdexcept>

#include "attacks/parts/objective.h"

namespace aigis {
namespace {

constexpr double kTiny = 1e-12;  ///< keeps DLR finite where its denominator is 0, as the authors' code does

at::Tensor at_class(const at::Tensor& logits, const at::Tensor& classes) {
  return logits.gather(1, classes.unsqueeze(1)).squeeze(1);
}

/// The largest logit of all classes but one.
at::Tensor best_other(const at::Tensor& logits, const at::Tensor& classes) {
  return logits.scatter(1, classes.unsqueeze(1), -std::numeric_limits<double>::infinity()).amax(1);
}

/// The k-th largest logit; 1 is the largest.
at::Tensor ranked(const at::Tensor& logits, int64_t k) { return std::get<0>(logits.topk(k, 1)).select(1, k - 1); }

at::Tensor margin(const at::Tensor& logits, const Goal& goal) {
  if (!goal.targets.defined()) return best_other(logits, goal.labels) - at_class(logits, goal.labels);
  return at_class(logits, goal.targets) - best_other(logits, goal.targets);
}

at::Tensor dlr(const at::Tensor& logits, const Goal& goal) {
  const at::Tensor of_label = at_class(logits, goal.labels);
  if (!goal.targets.defined()) {
    // Where the label ranks third the ratio is 1 whatever the logits are, and its gradient is but rounding: there only
    // the margin is ascended.
    const at::Tensor scale = ranked(logits, 1) - ranked(logits, 3) + kTiny;
    const at::Tensor is_third = of_label.eq(ranked(logits, 3));
    return (best_other(logits, goal.labels) - of_label) / at::where(is_third, scale.detach(), scale);
  }
  return (at_class(logits, goal.targets) - of_label) /
         (ranked(logits, 1) - (ranked(logits, 3) + ranked(logits, 4)) / 2 + kTiny);
}

}  // namespace

LossKind possible_loss(const ObjectiveOptions& options, int64_t classes) {
  const bool too_few = classes < (options.targeted() ? 4 : 3);
  return options.loss == LossKind::dlr && too_few ? LossKind::margin : options.loss;
}

std::vector<std::string> loss_notes(const ObjectiveOptions& options, int64_t classes) {
  if (possible_loss(options, classes) == options.loss) return {};
  return {fmt::format("DLR needs {} classes and the model has {}: the margin of logits took its place",
                      options.targeted() ? 4 : 3, classes)};
}

at::Tensor loss_value(LossKind kind, const at::Tensor& logits, const Goal& goal) {
  switch (kind) {
    case LossKind::cross_entropy: {
      const at::Tensor log_probability = at::log_softmax(logits, 1);
      return goal.targets.defined() ? at_class(log_probability, goal.targets) : -at_class(log_probability, goal.labels);
    }
    case LossKind::margin: return margin(logits, goal);
    case LossKind::dlr: return dlr(logits, goal);
    case LossKind::kl: return (goal.clean.exp() * (goal.clean - at::log_softmax(logits, 1))).sum(1);
  }
  throw std::logic_error("unknown loss");
}

}  // namespace aigis
