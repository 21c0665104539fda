#include "bench/paired.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "lib/core/progress.h"
#include "lib/core/stop.h"

namespace aigis {
namespace {

double seconds_of(const std::function<void()>& work) {
  const Stopwatch watch;
  work();
  return watch.seconds();
}

}  // namespace

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

double median_seconds(const std::function<void()>& work, int64_t passes, int64_t warm_up) {
  std::vector<double> seconds;
  for (int64_t i = -warm_up; i < passes; ++i) {
    check_stop();
    const double time = seconds_of(work);
    if (i >= 0) seconds.push_back(time);
  }
  return median(std::move(seconds));
}

PairedResult measure_pairs(const std::function<void()>& a, const std::function<void()>& b, int64_t pairs,
                           int64_t warm_up) {
  std::vector<double> as, bs, ratios;
  for (int64_t i = -warm_up; i < pairs; ++i) {
    check_stop();
    double time_a = 0, time_b = 0;
    if (i % 2 == 0) {
      time_a = seconds_of(a);
      time_b = seconds_of(b);
    } else {
      time_b = seconds_of(b);
      time_a = seconds_of(a);
    }
    if (i < 0) continue;
    as.push_back(time_a);
    bs.push_back(time_b);
    ratios.push_back(time_a / time_b);
  }
  std::sort(ratios.begin(), ratios.end());
  // The median lies between these ranks with 95 % confidence (normal approximation of the binomial).
  const auto n = static_cast<double>(pairs);
  const auto low = static_cast<int64_t>(std::floor(n / 2 - 0.98 * std::sqrt(n)));
  const auto high = static_cast<int64_t>(std::ceil(n / 2 + 0.98 * std::sqrt(n)));
  PairedResult result{median(as), median(bs), median(ratios), 0, 0, pairs};
  result.low = ratios[static_cast<size_t>(std::clamp<int64_t>(low, 0, pairs - 1))];
  result.high = ratios[static_cast<size_t>(std::clamp<int64_t>(high, 0, pairs - 1))];
  return result;
}

const char* PairedResult::interval_name() const {
  constexpr int64_t kFewest = 6;  // the range of 5 covers a median with 94 % only
  return pairs < kFewest ? "range" : "95 % interval";
}

std::string PairedResult::text(const std::string& a, const std::string& b, int64_t images) const {
  const auto rate = [&](double seconds) { return static_cast<double>(images) / seconds; };
  return fmt::format(
      "{:<34} {:>9.2f} ms {:>9.0f} images/s\n{:<34} {:>9.2f} ms {:>9.0f} images/s\n"
      "ratio of times, median of {} pairs: {:.3f}, {} [{:.3f}, {:.3f}]\n",
      a, 1e3 * a_seconds, rate(a_seconds), b, 1e3 * b_seconds, rate(b_seconds), pairs, ratio, interval_name(), low,
      high);
}

}  // namespace aigis
