#include "attacks/gate_universal.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "attacks/parts/class_graph.h"
#include "lib/core/stop.h"

namespace aigis {

void GateUniversalOptions::bind(OptionTable& table) {
  table.choice<Kind>(
      "aim", &aim,
      {{"sloth", Kind::sloth}, {"starve", Kind::starve}, {"reroute", Kind::reroute}, {"hijack", Kind::hijack}},
      "what the attack of that name wants");
  table.flag("per_class", &per_class, "a perturbation for each class of images instead of one for all");
  table.integer("class", &klass, 0, 1'000'000, "whose graph is taken on").only_with("aim=hijack");
  table.number("tolerance", &tolerance, 0, 1, "share of the gated layers' cost", "by which the executed share may move")
      .only_with("aim=reroute");
  table.number("confidence", &confidence, 0.5, 0.9999, "probability", "with which each gate is to stay as wanted")
      .only_with("aim=sloth|starve");
  table.integer("images", &images, 1, 1'000'000, "training images that it learns from");
  table.integer("batch", &batch, 1, 100'000, "of them whose gradients are summed for a step");
  table.integer("steps", &steps, 1, 100'000, "gradient steps");
  bind_step_size(table);
  band.bind(table);
  objective.bind_gates(table);
}

void GateUniversalOptions::check(const ModelCard& card) const {
  check_gated(card);
  check_class(klass, card);
  if (aim == Kind::reroute) check_keeps_cost(objective.path, card);
}

/// Training images, whose each is, [1 or K, n] of 0 and 1, and what they are to become.
struct GateUniversal::Lesson {
  Batch batch;
  at::Tensor whose, member;
  Goal goal;
  at::Tensor with(const at::Tensor& perturbation) const {
    return (batch.images + perturbation.index_select(0, whose)).clamp(0, 1);
  }
};

std::vector<GateUniversal::Lesson> GateUniversal::lessons_of(Victim& victim, const Batch& training,
                                                             const ObjectiveOptions& objective) const {
  const int64_t count = options_.per_class ? victim.card().classes : 1;
  const at::Tensor owners = at::arange(count, training.labels.options()).unsqueeze(1);
  std::vector<Lesson> lessons;
  for (int64_t begin = 0; begin < training.images.size(0); begin += options_.batch) {
    Batch batch = training.part(begin, options_.batch);
    const at::Tensor whose = owner(batch.labels);
    Goal goal = goal_of(objective, victim, batch);
    lessons.push_back(
        {std::move(batch), whose, owners.eq(whose.unsqueeze(0)).to(training.images.scalar_type()), std::move(goal)});
  }
  return lessons;
}

std::shared_ptr<const Attack> GateUniversal::learnt(Victim& victim, const Batch& training, Norm norm,
                                                    at::ArrayRef<double> epsilons) const {
  ObjectiveOptions objective = options_.objective;
  switch (options_.aim) {
    case Options::Kind::sloth:
      objective.term = std::make_shared<GateMargin>(GateStates::open, options_.confidence);
      break;
    case Options::Kind::starve:
      objective.term = std::make_shared<GateMargin>(GateStates::shut, options_.confidence);
      break;
    case Options::Kind::reroute:
      objective.answer_weight = 1;
      objective.wants_answer = true;
      objective.constraint = std::make_shared<KeepCost>(options_.tolerance);
      break;
    case Options::Kind::hijack: objective.term = towards_class(victim, training, options_.klass); break;
  }
  const std::vector<Lesson> lessons = lessons_of(victim, training, objective);
  auto attack = std::make_shared<GateUniversal>(options_);
  for (const double epsilon : epsilons) {
    attack->perturbations_[epsilon] = learn(victim, lessons, objective, norm, epsilon);
  }
  return attack;
}

at::Tensor GateUniversal::owner(const at::Tensor& labels) const {
  return options_.per_class ? labels : at::zeros_like(labels);
}

Aim GateUniversal::aim() const {
  switch (options_.aim) {
    case Options::Kind::sloth: return Aim::more_compute;
    case Options::Kind::starve: return Aim::less_compute;
    case Options::Kind::reroute: return Aim::unseen_wrong_answer;
    case Options::Kind::hijack: break;
  }
  return Aim::graph;
}

/// [1 or K]: what perturbed images are worth to the attack, summed over those of each owner: of an answer that is to
/// change unseen, how many do.
at::Tensor GateUniversal::worth_of(Victim& victim, const std::vector<Lesson>& lessons,
                                   const ObjectiveOptions& objective, const at::Tensor& perturbation, uint32_t step) {
  at::Tensor sum = at::zeros({perturbation.size(0)}, perturbation.options());
  for (const Lesson& one : lessons) {
    const at::Tensor x = one.with(perturbation);
    const Output output = victim.aside(x, one.batch.ids, {0, 1, step});
    const Worth worth = worth_in_pass(objective, victim.card().classes, output, one.goal);
    sum = sum + one.member.matmul(worth.reached.defined() ? worth.reached : worth.value);
  }
  return sum;
}

at::Tensor GateUniversal::learn(Victim& victim, std::vector<Lesson> lessons, const ObjectiveOptions& objective,
                                Norm norm, double epsilon) const {
  const at::Tensor& images = lessons.front().batch.images;
  std::vector<int64_t> shape = images.sizes().vec();
  shape[0] = lessons.front().member.size(0);
  at::Tensor perturbation = at::zeros(shape, images.options()), best = perturbation;
  at::Tensor most = at::full({shape[0]}, -std::numeric_limits<double>::infinity(), perturbation.options());
  at::Tensor weight = at::ones({shape[0]}, perturbation.options());  // of each owner's constraint, by dual ascent
  const auto pixels = static_cast<double>(images[0].numel());
  const auto coordinates = static_cast<int64_t>(std::max(1.0, std::round(options_.l1_share * pixels)));
  const auto steps = static_cast<uint32_t>(options_.steps);
  for (uint32_t step = 0; step < steps; ++step) {
    check_stop();
    Lesson& lesson = lessons[step % lessons.size()];
    if (lesson.goal.weight.defined()) lesson.goal.weight = weight.index_select(0, lesson.whose);
    const Ascended at_x =
        ascent_direction(victim, lesson.with(perturbation), lesson.batch.ids, lesson.goal, objective, {0, 0, step});
    // A product, and no additions in whatever order a GPU's threads come.
    const at::Tensor sum = lesson.member.matmul(at_x.images.flatten(1)).view(perturbation.sizes());
    const double length = options_.step_length(epsilon, step);
    perturbation = options_.band.active()
                       ? low_step(perturbation, sum, length, coordinates, norm, epsilon, options_.band)
                       : onto_ball(perturbation + steepest(sum, norm, coordinates) * length, norm, epsilon);
    if (at_x.violation.defined()) {
      weight = reweighed(weight, lesson.member.matmul(at_x.violation) / lesson.member.sum(1).clamp_min(1));
    }
    const bool all_were_seen = (step + 1) % lessons.size() == 0 || step + 1 == steps;
    if (!all_were_seen) continue;
    const at::Tensor worth = worth_of(victim, lessons, objective, perturbation, step);
    const at::Tensor better = worth.gt(most);
    best = at::where(per_image(better, best), perturbation, best);
    most = at::where(better, worth, most);
  }
  return best;
}

std::vector<at::Tensor> GateUniversal::propose(Victim&, const Batch& batch, Norm norm,
                                               at::ArrayRef<double> epsilons) const {
  std::vector<at::Tensor> candidates;
  for (const double epsilon : epsilons) {
    const auto known = perturbations_.find(epsilon);
    if (known == perturbations_.end()) throw std::logic_error("gate-universal has learnt nothing for this budget");
    const at::Tensor added = known->second.index_select(0, owner(batch.labels));
    candidates.push_back(within(batch.images, batch.images + added, norm, epsilon));
  }
  return candidates;
}

}  // namespace aigis
