#include "reports/report_check.h"

#include <fmt/format.h>

#include <cmath>

#include "lib/core/error.h"
#include "lib/metrics/interval.h"

namespace aigis {

void ReportCheck::hold(bool right, const std::string& pointer, const std::string& wrong) const {
  if (!right) throw InputError(fmt::format("{}: {}: {}", path_, pointer, wrong));
}

void ReportCheck::size(const Json& array, size_t expected, const std::string& pointer,
                       const std::string& of_what) const {
  hold(array.size() == expected, pointer,
       fmt::format("expected {} items ({}), got {}", expected, of_what, array.size()));
}

void ReportCheck::inside(double value, const Json& ci95, const std::string& pointer) const {
  // Bounds are computed apart from the value, so the last digit may differ.
  constexpr double slack = 1e-6;
  const double low = ci95[0], high = ci95[1];
  hold(low <= value + slack && value <= high + slack, pointer,
       fmt::format("expected low <= {} <= high, got [{}, {}]", value, low, high));
}

void ReportCheck::proportion(const Json& share, const std::string& pointer, int64_t draws) const {
  if (share["trials"] == 0) return;
  hold(share["value"].is_number(), pointer + "/value", "expected number from 0 to 1, as there are trials; got null");
  hold(share["ci95"].is_array(), pointer + "/ci95", "expected [low, high], as there are trials; got null");
  const double value = share["value"], low = share["ci95"][0], high = share["ci95"][1];
  inside(value, share["ci95"], pointer + "/ci95");
  const double successes = share["successes"], trials = share["trials"];
  hold(std::abs(successes - value * trials) <= 1e-6 * (1 + trials), pointer + "/successes",
       fmt::format("expected value x trials = {}, got {}", value * trials, successes));
  if (draws != 1) return;  // with several, the interval also depends on how images differ
  const Interval ci = wilson(successes, trials);
  hold(std::abs(low - ci.low) <= 1e-6 && std::abs(high - ci.high) <= 1e-6, pointer + "/ci95",
       fmt::format("expected Wilson's interval [{}, {}], got [{}, {}]", ci.low, ci.high, low, high));
}

void ReportCheck::index(const Json& number, size_t count, const std::string& pointer,
                        const std::string& of_what) const {
  hold(number.get<size_t>() < count, pointer, fmt::format("{} is no index of {}", number.dump(), of_what));
}

}  // namespace aigis
