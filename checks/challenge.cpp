#include "checks/challenge.h"

#include <algorithm>
#include <cmath>

#include "lib/metrics/comparison.h"

namespace aigis {

int64_t fewest(size_t tests, double chance) {
  return static_cast<int64_t>(std::floor(std::log2(2 * static_cast<double>(tests) / chance))) + 1;
}

int64_t Challenge::standing() const {
  return std::count_if(hits.begin(), hits.end(), [](int64_t hit) { return hit > 0; });
}

bool Outcome::is_clearer_than(const Outcome& other) const {
  if (ahead > 0 && other.ahead > 0 && p != other.p) return p < other.p;
  return ahead > other.ahead;
}

Outcome outcome_of(const Challenge& challenge, const Challenge& reference) {
  Outcome outcome;
  PairedComparison pair(reference.draws, challenge.draws);
  for (size_t i = 0; i < reference.hits.size(); ++i) {
    pair.add(reference.hits[i], challenge.hits[i]);
  }
  for (const int64_t ahead : pair.differences()) {
    outcome.gained += ahead > 0;
    outcome.lost += ahead < 0;
  }
  outcome.ahead = pair.difference();
  outcome.p = pair.p_value();
  return outcome;
}

}  // namespace aigis
