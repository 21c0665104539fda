#include "lib/metrics/paired.h"

#include <fmt/format.h>

#include <vector>

#include "lib/core/progress.h"
#include "lib/core/stop.h"
#include "lib/metrics/median.h"

namespace aigis {
namespace {

double seconds_of(const std::function<void()>& work) {
  const Stopwatch watch;
  work();
  return watch.seconds();
}

}  // namespace

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
                           const std::function<double()>& besides, int64_t warm_up) {
  const auto counted = [&](const std::function<void()>& work) {
    const double seconds = seconds_of(work);
    return besides ? seconds - besides() : seconds;
  };
  std::vector<double> as, bs, ratios;
  for (int64_t i = -warm_up; i < pairs; ++i) {
    check_stop();
    double time_a = 0, time_b = 0;
    if (i % 2 == 0) {
      time_a = counted(a);
      time_b = counted(b);
    } else {
      time_b = counted(b);
      time_a = counted(a);
    }
    if (i < 0) continue;
    as.push_back(time_a);
    bs.push_back(time_b);
    ratios.push_back(time_a / time_b);
  }
  const Interval interval = median_interval(ratios);
  return {median(as), median(bs), median(ratios), interval.low, interval.high, pairs};
}

const char* PairedResult::interval_name() const { return pairs < kFewestForInterval ? "range" : "95 % interval"; }

std::string PairedResult::text(const std::string& a, const std::string& b, int64_t images) const {
  const auto rate = [&](double seconds) { return static_cast<double>(images) / seconds; };
  return fmt::format(
      "{:<34} {:>9.2f} ms {:>9.0f} images/s\n{:<34} {:>9.2f} ms {:>9.0f} images/s\n"
      "ratio of times, median of {} pairs: {:.3f}, {} [{:.3f}, {:.3f}]\n",
      a, 1e3 * a_seconds, rate(a_seconds), b, 1e3 * b_seconds, rate(b_seconds), pairs, ratio, interval_name(), low,
      high);
}

}  // namespace aigis
