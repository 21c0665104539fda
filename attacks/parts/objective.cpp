#include "attacks/parts/objective.h"

#include <ATen/ops/full_like.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "attacks/parts/random.h"
#include "lib/core/error.h"
#include "lib/core/text.h"

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
    return (best_other(logits, goal.labels) - of_label) / (ranked(logits, 1) - ranked(logits, 3) + kTiny);
  }
  return (at_class(logits, goal.targets) - of_label) /
         (ranked(logits, 1) - (ranked(logits, 3) + ranked(logits, 4)) / 2 + kTiny);
}

bool is_word(const std::string& target) {
  return target == "none" || target == "random" || target == "least-likely" || target == "second";
}

}  // namespace

void ObjectiveOptions::bind(OptionTable& table) {
  bind_loss(table);
  bind_target(table);
  bind_gates(table);
}

void ObjectiveOptions::bind_target(OptionTable& table) {
  table.text("target", &target,
             "class to be taken for: none, random, least-likely, second (the likeliest wrong one) or a class's number");
}

void ObjectiveOptions::bind_loss(OptionTable& table) {
  table.choice<LossKind>(
      "loss", &loss,
      {{"ce", LossKind::cross_entropy}, {"margin", LossKind::margin}, {"dlr", LossKind::dlr}, {"kl", LossKind::kl}},
      "what is maximised: cross-entropy, the margin of logits (Carlini & Wagner), DLR (Croce & Hein), "
      "or the divergence from the clean image's answer, which needs a random start");
}

void ObjectiveOptions::bind_gates(OptionTable& table) {
  table.integer("draws", &draws, 1, 10'000, "gradients a step averages over, for random gates (EOT)");
  path.bind(table, true);
}

void GatePathOptions::bind(OptionTable& table, bool with_expectation) {
  std::vector<std::pair<std::string, GateGradient>> paths{{"straight-through", GateGradient::straight_through},
                                                          {"relaxed", GateGradient::relaxed},
                                                          {"fixed-graph", GateGradient::fixed_graph}};
  std::string summary =
      "how the gradient passes hard gates: through them, through soft ones that also act, or around them, the executed "
      "graph taken as given";
  if (with_expectation) {
    paths.emplace_back("expectation", GateGradient::expectation);
    summary += "; expectation adds to that what opening each gate is measured to bring, a forward pass for each";
  }
  table.choice<GateGradient>("gates", &gradient, paths, summary);
  table.number("temperature", &temperature, 0.01, 100, "", "of the soft gates in straight-through and relaxed");
}

void bind_stop(OptionTable& table, bool* stop) {
  table.flag("stop", stop,
             "leave an image once it is broken, where the model that is attacked also judges and is deterministic");
}

void bind_search_stop(OptionTable& table, bool* stop) {
  table.flag(
      "stop", stop,
      "leave an image once it is broken within the smallest budget, where the model that is attacked also judges "
      "and is deterministic");
}

void bind_classes(OptionTable& table, int64_t* classes) {
  table.integer("classes", classes, 0, 10'000,
                "wrong classes that are aimed at, the likeliest first; 0: all, but at most 9");
}

LossKind possible_loss(const ObjectiveOptions& options, int64_t classes) {
  const bool too_few = classes < (options.targeted() ? 4 : 3);
  return options.loss == LossKind::dlr && too_few ? LossKind::margin : options.loss;
}

std::vector<std::string> loss_notes(const ObjectiveOptions& options, int64_t classes) {
  if (possible_loss(options, classes) == options.loss) return {};
  return {fmt::format("DLR needs {} classes and the model has {}: the margin of logits took its place",
                      options.targeted() ? 4 : 3, classes)};
}

int64_t wrong_classes(int64_t wanted, int64_t classes) {
  constexpr int64_t kUsual = 9;
  return std::min(wanted > 0 ? wanted : kUsual, classes - 1);
}

void check_wrong_classes(int64_t wanted, const ModelCard& card) {
  if (wanted < card.classes) return;
  throw InputError(fmt::format("option 'classes': {}; expected at most {}, the wrong ones of {}", wanted,
                               card.classes - 1, card.classes));
}

void check_target(const ObjectiveOptions& options, const ModelCard& card) {
  if (options.loss == LossKind::kl && options.targeted()) {
    throw InputError("option 'target': the loss kl moves away from the clean answer and knows no target");
  }
  if (is_word(options.target)) return;
  const int64_t klass = parse_integer(options.target, "option 'target'");
  if (klass < 0 || klass >= card.classes) {
    throw InputError(
        fmt::format("option 'target': the model has no class {}; expected 0 to {}", klass, card.classes - 1));
  }
}

Goal Goal::select(const at::Tensor& rows) const {
  const auto chosen = [&](const at::Tensor& t) { return t.defined() ? t.index_select(0, rows) : at::Tensor(); };
  return {chosen(labels), chosen(targets), chosen(clean), chosen(answers),
          chosen(share),  chosen(weight),  chosen(graph)};
}

at::Tensor Goal::reached(const at::Tensor& logits) const {
  const at::Tensor answer = logits.argmax(1);
  return targets.defined() ? answer.eq(targets) : answer.ne(labels);
}

at::Tensor targets_of(const ObjectiveOptions& options, Victim& victim, const Batch& batch) {
  if (!options.targeted()) return {};
  const int64_t classes = victim.card().classes;
  if (options.target == "random") {
    const at::Tensor draws = uniform_numbers(batch.ids, 1, victim.draws({}), Use::target).squeeze(1);
    const at::Tensor shift = (draws * static_cast<double>(classes - 1)).floor().to(at::kLong) + 1;
    return (batch.labels + shift.to(batch.labels.device())).remainder(classes);
  }
  if (!is_word(options.target)) return at::full_like(batch.labels, parse_integer(options.target, "option 'target'"));
  const at::Tensor logits = victim.forward(batch.images, batch.ids, {}).logits;
  const bool least = options.target == "least-likely";
  const double excluded = least ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
  const at::Tensor others = logits.scatter(1, batch.labels.unsqueeze(1), excluded);
  return least ? others.argmin(1) : others.argmax(1);
}

Goal goal_of(const ObjectiveOptions& options, Victim& victim, const Batch& batch) {
  Goal goal;
  goal.labels = batch.labels;
  if (options.loss == LossKind::kl) {
    goal.clean = at::log_softmax(victim.forward(batch.images, batch.ids, {}).logits, 1);
  }
  if (options.constraint) {
    const Output clean = victim.forward(batch.images, batch.ids, {});
    goal.answers = clean.logits.argmax(1);
    goal.share = executed_share(clean.gates);
    goal.weight = at::ones_like(goal.share);
  }
  goal.targets = targets_of(options, victim, batch);
  return goal;
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

namespace {

/// Without the constraint, and without what is measured of gates.
at::Tensor objective(const ObjectiveOptions& options, int64_t classes, const Output& output, const Goal& goal) {
  at::Tensor sum;
  const auto add = [&](const at::Tensor& one) { sum = sum.defined() ? sum + one : one; };
  if (options.answer_weight > 0) {
    const at::Tensor of_answer = loss_value(possible_loss(options, classes), output.logits, goal);
    add(options.answer_weight == 1 ? of_answer : of_answer * options.answer_weight);
  }
  if (options.term) add(options.term->value(output.gates, goal));
  return sum;
}

/// Of an objective's value: nothing where the constraint does not hold.
at::Tensor scored(const ObjectiveOptions& options, const at::Tensor& value, const Output& output, const Goal& goal) {
  constexpr double kNothing = -1e6;
  const at::Tensor worth = value.detach();
  return options.constraint ? at::where(options.constraint->holds(output, goal), worth, kNothing) : worth;
}

/// [N, L]: the loss with each gate open less that with it shut, all others as they are. One forward pass for the graph
/// as it is, and one for each gate.
at::Tensor opening_gains(Victim& victim, const at::Tensor& images, const at::Tensor& ids, const Goal& goal,
                         const ObjectiveOptions& options, const Position& position) {
  const LossKind kind = possible_loss(options, victim.card().classes);
  const Output now = victim.forward(images, ids, position);
  const at::Tensor loss_now = loss_value(kind, now.logits, goal);
  std::vector<at::Tensor> gains;
  for (int64_t l = 0; l < now.gates.open.size(1); ++l) {
    at::Tensor graph = now.gates.open.clone();
    const at::Tensor open = now.gates.open.select(1, l);
    graph.select(1, l).copy_(1 - open);
    const at::Tensor flipped = loss_value(kind, victim.forward(images, ids, position, graph).logits, goal);
    gains.push_back((loss_now - flipped) * (2 * open - 1));
  }
  return at::stack(gains, 1);
}

}  // namespace

at::Tensor score(const ObjectiveOptions& options, int64_t classes, const Output& output, const Goal& goal) {
  return scored(options, objective(options, classes, output, goal), output, goal);
}

Ascended ascent_direction(Victim& victim, const at::Tensor& images, const at::Tensor& ids, const Goal& goal,
                          const ObjectiveOptions& options, Position position) {
  const int64_t classes = victim.card().classes;
  const bool expects = options.path.gradient == GateGradient::expectation && options.answer_weight > 0;
  const bool measures = (expects || options.flip_weight > 0) && !victim.card().gated.empty();
  const int64_t draws = victim.card().has_random_gates ? options.draws : 1;  // all would be the same
  at::Tensor scores, violation, gains;
  const auto add = [](at::Tensor& sum, const at::Tensor& one) { sum = sum.defined() ? sum + one : one; };
  const Loss loss = [&](const Output& output) {
    at::Tensor value = objective(options, classes, output, goal);
    if (options.constraint || draws > 1) add(scores, scored(options, value, output, goal));
    if (gains.defined()) {  // what each gate brings has a gradient, and no value of its own
      at::Tensor state = output.gates.logits * options.flip_weight;
      if (expects) state = state + output.gates.logits.sigmoid() * options.answer_weight;
      value = value + (gains * (state - state.detach())).sum(1);
    }
    if (!options.constraint) return value;
    const at::Tensor violated = options.constraint->violation(output, goal);
    add(violation, violated.detach());
    return value - goal.weight * violated.clamp_min(0);
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
  sum.scores = scores.defined() ? scores / static_cast<double>(draws) : sum.losses;
  if (violation.defined()) sum.violation = violation / static_cast<double>(draws);
  return sum;
}

}  // namespace aigis
