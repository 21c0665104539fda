#include "lib/metrics/median.h"

#include <algorithm>
#include <cmath>

namespace aigis {
namespace {

/// The largest k so that fewer than k of n tosses of a coin are heads at most once in 40 times; 1 if there is none.
int64_t lower_rank(int64_t n) {
  constexpr double kTail = 0.025;
  const auto log_share = [&](int64_t k) {
    const auto all = static_cast<double>(n), some = static_cast<double>(k);
    return std::lgamma(all + 1) - std::lgamma(some + 1) - std::lgamma(all - some + 1) - all * std::log(2);
  };
  double below = 0;
  int64_t k = 0;
  while (below + std::exp(log_share(k)) <= kTail) below += std::exp(log_share(k++));
  return std::max<int64_t>(1, k);
}

}  // namespace

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

Interval median_interval(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<size_t>(lower_rank(static_cast<int64_t>(values.size())));
  return {values[rank - 1], values[values.size() - rank]};
}

}  // namespace aigis
