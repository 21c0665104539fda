#include "attacks/parts/objective.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>

#include <tuple>
#include <vector>

#include "lib/eval/verdict.h"

namespace aigis {

Goal Goal::select(const at::Tensor& rows) const {
  const auto chosen = [&](const at::Tensor& t) { return t.defined() ? t.index_select(0, rows) : at::Tensor(); };
  return {chosen(labels),
          chosen(targets),
          chosen(clean),
          random,
          any_answer,
          chosen(answers),
          chosen(share),
          chosen(answers_by_draw),
          chosen(share_by_draw),
          chosen(weight),
          chosen(graph),
          chosen(gate_weight)};
}

Goal Goal::in_draw(uint32_t draw) const {
  Goal goal = *this;
  goal.answers = answers_by_draw.select(1, draw);
  goal.share = share_by_draw.select(1, draw);
  return goal;
}

at::Tensor Goal::lost(const at::Tensor& logits) const { return answers_of(logits).ne(labels); }

at::Tensor Goal::reached(const at::Tensor& logits) const {
  return targets.defined() && !any_answer ? answers_of(logits).eq(targets) : lost(logits);
}

namespace {

/// With what the model does to the clean images in most of its draws as what is to stay.
Goal with_usual(Goal goal, Victim& victim, const Batch& batch) {
  std::vector<at::Tensor> answers, shares;
  for (uint32_t draw = 0; draw < draws_to_tell(goal.random); ++draw) {
    const Output output = victim.aside(batch.images, batch.ids, told_at(draw));
    answers.push_back(output.logits.argmax(1));
    shares.push_back(usual_share(output.gates, goal.random));
  }
  goal.answers_by_draw = at::stack(answers, 1);
  goal.share_by_draw = at::stack(shares, 1);
  goal.answers = std::get<0>(goal.answers_by_draw.mode(1));
  goal.share = goal.share_by_draw.mean(1);
  return goal;
}

}  // namespace

Goal goal_of(const ObjectiveOptions& options, Victim& victim, const Batch& batch) {
  Goal goal;
  goal.labels = batch.labels;
  if (options.loss == LossKind::kl) {
    goal.clean = at::log_softmax(victim.forward(batch.images, batch.ids, {}).logits, 1);
  }
  goal.random = victim.card().has_random_gates;
  if (options.constraint) {
    goal = with_usual(std::move(goal), victim, batch);
    goal.weight = at::ones_like(goal.share);
  }
  goal.targets = targets_of(options, victim, batch);
  return goal;
}

namespace {

/// A value of the gates' term: what is climbed, or what it is climbed for.
using TermValue = at::Tensor (GateTerm::*)(const Gates&, const Goal&) const;

/// Without the constraint, and without what is measured of gates.
Losses objective(const ObjectiveOptions& options, int64_t classes, const Output& output, const Goal& goal,
                 TermValue of_term) {
  at::Tensor sum, met;
  if (options.answer_weight > 0) {
    const at::Tensor of_answer = loss_value(possible_loss(options, classes), output.logits, goal);
    sum = options.answer_weight == 1 ? of_answer : of_answer * options.answer_weight;
    met = goal.lost(output.logits);
  }
  if (options.term) {
    const at::Tensor of_gates = ((*options.term).*of_term)(output.gates, goal);
    const at::Tensor as_wanted = options.term->met(of_gates);
    met = met.defined() && as_wanted.defined() ? met.logical_and(as_wanted) : as_wanted;
    sum = sum.defined() ? sum + of_gates : of_gates;
  }
  return {sum, met};
}

/// [N, L]: the loss with each gate open less that with it shut, all others as they are. One forward pass for the graph
/// as it is, and one for each gate.
at::Tensor opening_gains(Victim& victim, const at::Tensor& images, const at::Tensor& ids, const Goal& goal,
                         const ObjectiveOptions& options, const Position& position) {
  const LossKind kind = possible_loss(options, victim.card().classes);
  const Output now = victim.aside(images, ids, position);
  const at::Tensor loss_now = loss_value(kind, now.logits, goal);
  std::vector<at::Tensor> gains;
  for (int64_t l = 0; l < now.gates.open.size(1); ++l) {
    at::Tensor graph = now.gates.open.clone();
    const at::Tensor open = now.gates.open.select(1, l);
    graph.select(1, l).copy_(1 - open);
    const at::Tensor flipped = loss_value(kind, victim.aside(images, ids, position, graph).logits, goal);
    gains.push_back((loss_now - flipped) * (2 * open - 1));
  }
  return at::stack(gains, 1);
}

/// All draws of a model without random gates would be the same.
int64_t draws_of(const ObjectiveOptions& options, Victim& victim) {
  return victim.card().has_random_gates ? options.draws : 1;
}

}  // namespace

Worth nothing_worth(const ObjectiveOptions& options, const at::Tensor& images, double value) {
  const auto all = [&](double number) { return at::full({images.size(0)}, number, images.options()); };
  return {options.constraint ? all(0) : at::Tensor(), options.wants_answer ? all(0) : at::Tensor(), all(value)};
}

Worth worth_in_pass(const ObjectiveOptions& options, int64_t classes, const Output& output, const Goal& goal) {
  const at::NoGradGuard no_grad;
  Worth worth{{}, {}, objective(options, classes, output, goal, &GateTerm::worth).each};
  const auto number = [&](const at::Tensor& flags) { return flags.to(worth.value.scalar_type()); };
  if (options.constraint) worth.holds = number(options.constraint->holds(output, goal));
  if (options.wants_answer) {
    worth.reached = number(goal.reached(output.logits));
    if (worth.holds.defined()) worth.reached = worth.reached * worth.holds;
  }
  return worth;
}

Ascended ascent_direction(Victim& victim, const at::Tensor& images, const at::Tensor& ids, const Goal& goal,
                          const ObjectiveOptions& options, Position position, bool with_worth) {
  const int64_t classes = victim.card().classes;
  const bool expects = options.path.gradient == GateGradient::expectation && options.answer_weight > 0;
  const double weight_of_gains = options.flip_weight + (expects ? options.answer_weight : 0);
  const bool measures = weight_of_gains > 0 && !victim.card().gated.empty();
  const int64_t draws = draws_of(options, victim);
  at::Tensor violation, gains;
  Worth worth;
  const auto add = [](at::Tensor& sum, const at::Tensor& one) { sum = sum.defined() ? sum + one : one; };
  const Loss loss = [&](const Output& output) -> Losses {
    auto [value, met] = objective(options, classes, output, goal, &GateTerm::value);
    if (with_worth) worth += worth_in_pass(options, classes, output, goal);
    if (gains.defined()) {  // what each gate brings has a gradient, and no value of its own
      const at::Tensor open = output.gates.logits.sigmoid();
      value = value + (gains * (open - open.detach())).sum(1) * weight_of_gains;
    }
    if (!options.constraint) return {value, met};
    const at::Tensor violated = options.constraint->violation(output, goal);
    add(violation, violated.detach());
    if (met.defined()) met = met.logical_and(options.constraint->holds(output, goal));
    return {value - goal.weight * violated.clamp_min(0), met};
  };
  if (measures) gains = opening_gains(victim, images, ids, goal, options, position);
  Ascended sum{victim.gradient(images, ids, loss, position, options.path), {}, {}};
  const uint32_t first = position.draw;
  for (int64_t draw = 1; draw < draws; ++draw) {
    position.draw = first + static_cast<uint32_t>(draw);
    if (measures) gains = opening_gains(victim, images, ids, goal, options, position);
    const auto one = victim.gradient(images, ids, loss, position, options.path);
    sum.images += one.images;
    sum.losses = one.losses;
    sum.logits = one.logits;
    sum.flat = sum.flat.logical_and(one.flat);
  }
  if (draws > 1) sum.images /= static_cast<double>(draws);
  sum.worth = worth;
  if (violation.defined()) sum.violation = violation / static_cast<double>(draws);
  return sum;
}

Seen look(Victim& victim, const at::Tensor& images, const at::Tensor& ids, const Goal& goal,
          const ObjectiveOptions& options, Position position, bool with_worth, bool rough) {
  Seen seen;
  const int64_t draws = draws_of(options, victim);
  for (int64_t draw = 0; draw < draws; ++draw, ++position.draw) {
    const Output output = rough ? victim.look(images, ids, position) : victim.forward(images, ids, position);
    seen.logits = output.logits;
    if (with_worth) seen.worth += worth_in_pass(options, victim.card().classes, output, goal);
  }
  return seen;
}

}  // namespace aigis
