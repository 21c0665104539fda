// How many images full checks attack, by what they are reckoned to cost.
#include <algorithm>
#include <cmath>

#include "checks/claim.h"
#include "checks/variation.h"

namespace aigis {

int64_t sample_size(int64_t images, const ModelCard& card, double gradients, const at::Device& device) {
  constexpr double kAllowedEach = 0.2 * 10;          // a fifth of PGD-10
  constexpr double kOfCpu = 1e13, kOfOthers = 1e14;  // multiplied in a minute: two cores with AVX2, and a modest GPU
  const auto macs = static_cast<double>(card.macs_full());
  const double minute = macs > 0 ? (device.is_cpu() ? kOfCpu : kOfOthers) / (3 * macs) : 0;  // of three passes each
  const double allowed = std::max(kAllowedEach * static_cast<double>(images), minute) / gradients;
  const auto sample = std::min({images, kMostSampled, static_cast<int64_t>(std::min(allowed, 1e6))});
  return sample < std::min(images, fewest(1)) ? 0 : sample;
}

double Claim::draws_on(const Model& model) const {
  return is_made() && model.card().has_random_gates ? static_cast<double>(strongest().attack->draws()) : 1;
}

double Claim::gradients_each() const {
  if (!is_made()) return 1;
  const AttackAudit& audit = tallies_[strongest_].cells[epsilon_].audit;
  const double passes = static_cast<double>(audit.forward) + 2 * static_cast<double>(audit.backward);
  const double each = std::max(1.0, passes / 3 / static_cast<double>(std::max<int64_t>(1, plan_.data.size())));
  return std::exp2(std::ceil(2 * std::log2(each)) / 2);  // roughly, so that a near tie hardly changes the sample
}

double Claim::gradients_of_losses() const {
  if (!is_made()) return 1;
  const auto attack = with_losses();
  if (attack == strongest().attack) return gradients_each();
  if (!allows(*attack)) return 0;
  return static_cast<double>(whole_option(*attack, "steps", 1) * whole_option(*attack, "restarts", 1)) *
         draws_on(*bare());
}

double Claim::cost_of_checks() const {
  constexpr double kForward = 1.0 / 3;  // of a gradient, which is three passes
  constexpr double kNoises = 100, kSquares = 200;
  constexpr double kSteps = 20;          // of PGD on this model, on another one, and by each path through gates
  constexpr double kWideSteps = 2 * 40;  // within two larger budgets
  constexpr double kWideDraws = 5;
  constexpr double kLonger = 4;  // twice the steps and twice the restarts of the strongest attack
  constexpr double kLosses = 4;
  const ModelCard& card = bare()->card();
  const double draws = draws_on(*bare());
  double cost = (1 + kSteps) * draws;  // FGSM and PGD
  // Square asks its best image again where gates are random.
  cost += (kNoises + kSquares * (card.has_random_gates ? 2 : 1)) * kForward;
  cost += kWideSteps * (card.has_random_gates ? kWideDraws : 1);
  // The strongest attack as it is: to see whether its loss still grows, twice to take a defense for the identity, and
  // once more beside fixed noise.
  const int again = 1 + (defense() ? 2 : 0) + (card.has_random_gates ? 1 : 0);
  cost += (kLonger + again) * gradients_each() + kLosses * gradients_of_losses();
  if (!card.gated.empty()) cost += kSteps;  // all gates open
  if (gates_decide()) {
    const auto layers = static_cast<double>(card.gated.size());
    // Through gates and around them; through three of soft ones, beside the hard network; and by what opening each
    // gate brings.
    const double step = 2 + 3 * (1 + kForward) + (1 + (1 + layers) * kForward);
    cost += kSteps * step * draws;
  }
  for (size_t m = 0; m < plan_.models.size(); ++m) {
    if (m != model_) cost += kSteps * draws_on(*plan_.models[m]);
  }
  return cost;
}

void Claim::take_sample() {
  const int64_t size = plan_.data.size(), count = sample_size(size, bare()->card(), cost_of_checks(), plan_.device);
  const at::Tensor positions = equidistant(size, count);
  positions_ = listed(positions);
  sample_ = plan_.data.select(positions);
}

}  // namespace aigis
