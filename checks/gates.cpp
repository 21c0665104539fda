#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>
#include <utility>

#include "attacks/parts/gate_aware.h"
#include "checks/checks.h"
#include "checks/draws.h"
#include "lib/core/text.h"
#include "lib/eval/ablation.h"

namespace aigis::checks {
namespace {

Pass pass_of(const Claim& claim, const Batch& batch, GateGradient gradient) {
  return {{claim.plan().seed, Purpose::attack_gates, 0, 0, 0}, batch.ids, gradient};
}

/// Whether attacks follow gradients, and all that do take the executed graph as given.
bool all_ignore_gates(const Claim& claim) {
  bool some_follow = false;
  for (const size_t r : claim.attacks()) {
    const Attack& attack = *claim.plan().runs[r].attack;
    if (!attack.sees_gradients()) continue;
    if (attack.gate_paths() != std::set{GateGradient::fixed_graph}) return false;
    some_follow = true;
  }
  return some_follow;
}

/// The smallest share of so many that is more than `most`.
double least_above(double most, int64_t count) {
  return (std::floor(most * static_cast<double>(count)) + 1) / static_cast<double>(count);
}

constexpr int64_t kSteps = 20;  // of PGD by each path through gates

/// Of one gradient by a path.
double cost_of(GateGradient path, size_t gated_layers) {
  switch (path) {
    case GateGradient::straight_through:
    case GateGradient::fixed_graph: return 1;
    case GateGradient::relaxed: return 1 + kForward;  // beside the hard network
    case GateGradient::expectation: return 1 + (1 + static_cast<double>(gated_layers)) * kForward;  // each gate opened
  }
  throw std::logic_error("unknown gate gradient");
}

}  // namespace

std::optional<Finding> gate_gradients(const Claim& claim) {
  constexpr double kMost = 0.5;
  if (!claim.gates_decide()) return {};
  const Batch batch = claim.spread(4).front();
  const at::Tensor images = batch.images.detach().set_requires_grad(true);
  const at::Tensor open =
      claim.target()->forward(images, pass_of(claim, batch, GateGradient::straight_through)).gates.open;
  const int64_t layers = open.size(1);
  int64_t zero = 0;
  std::vector<std::string> flat_layers;  // for every image
  for (int64_t l = 0; l < layers; ++l) {
    images.mutable_grad() = at::Tensor();
    if (open.requires_grad()) open.select(1, l).sum().backward({}, /*retain_graph=*/true);
    const int64_t flat =
        images.grad().defined() ? images.grad().flatten(1).eq(0).all(1).sum().item<int64_t>() : images.size(0);
    zero += flat;
    if (flat == images.size(0)) flat_layers.push_back(claim.bare()->card().gated[static_cast<size_t>(l)].name);
  }
  const double share = static_cast<double>(zero) / static_cast<double>(open.numel());
  Finding finding = claim.about_model("gate-gradients");
  finding.count = batch.images.size(0);
  finding.smallest_effect = least_above(kMost, open.numel());
  finding.numbers = {{"share_zero", share}, {"layers_zero", flat_layers.size()}};
  finding.message = fmt::format("of {} gates in each of {} images {:.1f} % have a gradient that is 0 in every pixel",
                                layers, finding.count, 100 * share);
  if (share > kMost) {
    finding.level = Finding::Level::warning;
    finding.message += ": attacks cannot see that the graph depends on the image, so robustness may be overstated";
  } else if (claim.is_made() && all_ignore_gates(claim)) {
    finding.level = Finding::Level::warning;
    finding.message +=
        ", but every attack that follows gradients takes the graph as given (gates=fixed-graph): robustness may be "
        "overstated";
  } else if (!flat_layers.empty()) {
    finding.level = Finding::Level::undecided;
    finding.message +=
        fmt::format(", those of {} in every image: they are cut off from it, or so sure that their slope rounds to 0",
                    join(flat_layers, ", "));
  }
  return finding;
}

std::optional<Finding> relaxed_mismatch(const Claim& claim) {
  constexpr double kMost = 0.5;
  if (!claim.gates_decide()) return {};
  const std::shared_ptr<Model> target = claim.target();
  int64_t differ = 0, count = 0;
  bool relaxes = false;
  constexpr int64_t kFew = 16;
  for (const Batch& batch : claim.spread(std::max(kFew, claim.sample().size()))) {
    const at::Tensor images = batch.images.detach().set_requires_grad(true);  // without a gradient gates stay hard
    const auto pass = [&](GateGradient gradient) {
      const Output output = target->forward(images, pass_of(claim, batch, gradient));
      return std::pair(output.logits.argmax(1), output.gates.open.detach());
    };
    const auto [answers, open] = pass(GateGradient::straight_through);
    const auto [relaxed_answers, relaxed_open] = pass(GateGradient::relaxed);
    differ += answers.ne(relaxed_answers).sum().item<int64_t>();
    relaxes = relaxes || open.ne(relaxed_open).any().item<bool>();
    count += batch.ids.size(0);
  }
  if (!relaxes) return {};
  const double share = static_cast<double>(differ) / static_cast<double>(count);
  Finding finding = claim.about_model("relaxed-mismatch");
  finding.count = count;
  finding.smallest_effect = least_above(kMost, count);
  finding.numbers = {{"share_differs", share}};
  finding.message = fmt::format("relaxed gates change {:.1f} % of the answers", 100 * share);
  if (share > kMost) {
    finding.level = Finding::Level::warning;
    finding.message += ": gradients taken through them (gates=relaxed) are those of another model";
  }
  return finding;
}

std::optional<Finding> gate_aware(const Claim& claim) {
  if (!claim.gates_decide()) return {};
  return claim.beaten_by("gate-aware", fmt::format("gate-aware-pgd:steps={}", kSteps),
                         "the gradients of gates were followed in a way that hides some of the damage");
}

double gate_aware_cost(const Claim& claim) {
  if (!claim.gates_decide()) return 0;
  double step = 0;
  for (const GateAwarePath& path : kGateAwarePaths) step += cost_of(path.gradient, claim.bare()->card().gated.size());
  return static_cast<double>(kSteps) * step * claim.draws_on(*claim.bare());
}

std::optional<Finding> fixed_noise(const Claim& claim) {
  if (!claim.is_made() || !claim.bare()->card().has_random_gates) return {};
  const auto fixed = std::make_shared<FixedNoise>(claim.bare(), claim.plan().seed);
  Challenge challenge = claim.challenge(claim.strongest().attack, Access{}, fixed);
  challenge.name = claim.strongest().attack->name() + ", whose noise is fixed,";
  Finding finding = claim.beaten("fixed-noise", {challenge}, "what stands beyond that is owed to noise");
  // Fresh noise protects in truth, too, for no attack can foresee it; but only one that averages over it has tried.
  if (!finding.is_raised()) return finding;
  if (has_several(claim, &Attack::averaged_draws)) finding.level = Finding::Level::passed;
  else finding.message += ", over which no attack averages" + as_others_do(claim, &Attack::averaged_draws);
  return finding;
}

double fixed_noise_cost(const Claim& claim) {
  return claim.bare()->card().has_random_gates ? claim.gradients_each() : 0;
}

}  // namespace aigis::checks
