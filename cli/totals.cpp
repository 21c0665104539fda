#include "cli/totals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace aigis {
namespace {

constexpr double kRounding = 1e-6;  // of sums of draws' shares

}  // namespace

std::vector<Total> totals_of(const Recount& count, at::ScalarType form) {
  const PassTally& clean = count.tally.clean;
  const CellTally& cell = count.tally.cells.front();
  const bool in_bytes = form == at::kByte;
  std::vector<Total> totals{{"clean", clean.accuracy, clean.near_ties},
                            {"robust_quantized", cell.quantized, in_bytes ? count.turned : cell.quantized_near_ties}};
  if (in_bytes) return totals;
  totals.push_back({"robust", cell.pass.accuracy, count.turned});
  totals.push_back({"label_kept", cell.kept, clean.near_ties + cell.pass.near_ties});
  return totals;
}

int64_t turned_in(const std::vector<Total>& totals, const Json& accuracy) {
  double turned = 0;
  for (const Total& total : totals) {
    if (!accuracy.contains(total.name)) continue;  // in an early report
    const double by = std::abs(accuracy[total.name]["successes"].get<double>() - total.counted.successes());
    if (by > static_cast<double>(total.slack) + kRounding) return 0;
    turned = std::max(turned, by);
  }
  return static_cast<int64_t>(std::ceil(turned - kRounding));
}

std::vector<std::string> out_of_bounds(const std::vector<Total>& totals, const Json& accuracy, int64_t images,
                                       const std::string& pointer) {
  std::vector<std::string> lines;
  for (const Total& total : totals) {
    if (!accuracy.contains(total.name)) continue;
    const double successes = total.counted.successes(), said = accuracy[total.name]["successes"];
    const double low = successes - static_cast<double>(total.slack),
                 high = successes + static_cast<double>(total.slack + images - total.counted.trials());
    if (said >= low - kRounding && said <= high + kRounding) continue;
    lines.push_back(fmt::format("{}/accuracy/{}/successes is from {} to {}, the report says {}", pointer, total.name,
                                low, high, said));
  }
  return lines;
}

}  // namespace aigis
