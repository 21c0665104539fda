// How many images full checks attack, by what they are reckoned to cost.
#include <algorithm>
#include <cmath>

#include "checks/claim.h"
#include "checks/list.h"

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

double Claim::cost_of_checks() const {
  double cost = 0;
  for (const Check& check : check_list()) {
    if (check.cost) cost += check.cost(*this);
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
