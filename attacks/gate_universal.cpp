#include "attacks/gate_universal.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <limits>
#include <stdexcept>

#include "attacks/parts/class_graph.h"
#include "attacks/parts/patch.h"
#include "lib/core/error.h"
#include "lib/core/stop.h"

namespace aigis {

void GateUniversalOptions::bind(OptionTable& table) {
  table.choice<Kind>(
      "aim", &aim,
      {{"sloth", Kind::sloth}, {"starve", Kind::starve}, {"reroute", Kind::reroute}, {"hijack", Kind::hijack}},
      "what the attack of that name wants");
  table.flag("per_class", &per_class, "a perturbation for each class of images instead of one for all");
  bind_patch(table, &patch);
  table.integer("class", &klass, 0, 1'000'000, "whose graph is taken on").only_with("aim=hijack");
  table.number("tolerance", &tolerance, 0, 1, "share of the gated layers' cost", "by which the executed share may move")
      .only_with("aim=reroute");
  table.number("confidence", &confidence, 0.5, 0.9999, "probability", "with which each gate is to stay as wanted")
      .only_with("aim=sloth|starve|hijack");
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
  check_patch(patch, card);
  if (patch > 0 && band.active()) {
    throw InputError("option 'patch': a patch has no band; expected patch or band, not both");
  }
}

/// Training images, whose each is, [1 or K, n] of 0 and 1, and what they are to become.
struct GateUniversal::Lesson {
  Batch batch;
  at::Tensor whose, member;
  Goal goal;
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
    case Options::Kind::hijack:
      objective.term = towards_class(name(), victim, training, options_.klass, options_.confidence);
      break;
  }
  const std::vector<Lesson> lessons = lessons_of(victim, training, objective);
  auto attack = std::make_shared<GateUniversal>(options_);
  attack->taught_ = at::zeros({lessons.front().member.size(0)}, training.labels.options().dtype(at::kBool));
  attack->taught_.index_fill_(0, owner(training.labels), true);
  for (const double epsilon : epsilons) {
    attack->shared_[epsilon] = learn(victim, lessons, objective, norm, epsilon);
  }
  return attack;
}

at::Tensor GateUniversal::part_of(const at::Tensor& images) const {
  return options_.patch > 0 ? square_of(images, options_.patch) : images;
}

at::Tensor GateUniversal::struck(const at::Tensor& images, const at::Tensor& given, Norm norm, double epsilon) const {
  return options_.patch > 0 ? pasted(images, given, norm, epsilon) : within(images, images + given, norm, epsilon);
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
/// change unseen, how many do. The draw is none that a gradient was taken in.
at::Tensor GateUniversal::worth_of(Victim& victim, const std::vector<Lesson>& lessons,
                                   const ObjectiveOptions& objective, const at::Tensor& shared, Norm norm,
                                   double epsilon, uint32_t step) const {
  const Position position{0, static_cast<uint32_t>(objective.draws), step};
  at::Tensor sum = at::zeros({shared.size(0)}, shared.options());
  for (const Lesson& one : lessons) {
    const at::Tensor x = struck(one.batch.images, shared.index_select(0, one.whose), norm, epsilon);
    const Output output = victim.aside(x, one.batch.ids, position);
    const Worth worth = worth_in_pass(objective, victim.card().classes, output, one.goal);
    sum = sum + one.member.matmul(worth.reached.defined() ? worth.reached : worth.value);
  }
  return sum;
}

at::Tensor GateUniversal::learn(Victim& victim, std::vector<Lesson> lessons, const ObjectiveOptions& objective,
                                Norm norm, double epsilon) const {
  const at::Tensor& images = lessons.front().batch.images;
  std::vector<int64_t> shape = part_of(images).sizes().vec();
  shape[0] = lessons.front().member.size(0);
  constexpr double kGrey = 0.5;
  at::Tensor shared = at::full(shape, options_.patch > 0 ? kGrey : 0, images.options()), best = shared;
  at::Tensor most = at::full({shape[0]}, -std::numeric_limits<double>::infinity(), shared.options());
  at::Tensor weight = at::ones({shape[0]}, shared.options());  // of each owner's constraint, by dual ascent
  const int64_t coordinates = options_.l1_coordinates(shared);
  const auto steps = static_cast<uint32_t>(options_.steps);
  for (uint32_t step = 0; step < steps; ++step) {
    check_stop();
    Lesson& lesson = lessons[step % lessons.size()];
    if (lesson.goal.weight.defined()) lesson.goal.weight = weight.index_select(0, lesson.whose);
    const at::Tensor x = struck(lesson.batch.images, shared.index_select(0, lesson.whose), norm, epsilon);
    const Ascended at_x = ascent_direction(victim, x, lesson.batch.ids, lesson.goal, objective, {0, 0, step});
    // A product, and no additions in whatever order a GPU's threads come.
    const at::Tensor sum = lesson.member.matmul(part_of(at_x.images).flatten(1)).view(shared.sizes());
    // A patch crosses the whole box, however little of it the budget lets through.
    const double length = options_.step_length(options_.patch > 0 && norm == Norm::linf ? 1 : epsilon, step);
    if (options_.band.active()) {
      shared = low_step(shared, sum, length, coordinates, norm, epsilon, options_.band);
    } else {
      const at::Tensor moved = shared + steepest(sum, norm, coordinates) * length;
      shared = options_.patch > 0 ? moved.clamp(0, 1) : onto_ball(moved, norm, epsilon);
    }
    if (at_x.violation.defined()) {
      weight = reweighed(weight, lesson.member.matmul(at_x.violation) / lesson.member.sum(1).clamp_min(1));
    }
    const bool all_were_seen = (step + 1) % lessons.size() == 0 || step + 1 == steps;
    if (!all_were_seen) continue;
    const at::Tensor worth = worth_of(victim, lessons, objective, shared, norm, epsilon, step);
    const at::Tensor better = worth.gt(most);
    best = at::where(per_image(better, best), shared, best);
    most = at::where(better, worth, most);
  }
  return best;
}

std::vector<at::Tensor> GateUniversal::propose(Victim&, const Batch& batch, Norm norm,
                                               at::ArrayRef<double> epsilons) const {
  const at::Tensor whose = owner(batch.labels);
  std::vector<at::Tensor> candidates;
  for (const double epsilon : epsilons) {
    const auto known = shared_.find(epsilon);
    if (known == shared_.end()) throw std::logic_error("gate-universal has learnt nothing for this budget");
    const at::Tensor changed = struck(batch.images, known->second.index_select(0, whose), norm, epsilon);
    candidates.push_back(at::where(per_image(taught_.index_select(0, whose), changed), changed, batch.images));
  }
  return candidates;
}

}  // namespace aigis
