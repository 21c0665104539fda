#include "reports/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib/metrics/comparison.h"
#include "reports/aim.h"
#include "reports/plot/runs.h"
#include "reports/plot/value.h"

namespace aigis {
namespace {

constexpr double kLevel = 0.05;

/// Within budget 0 all attacks are none.
bool is_clean(const Json& run) { return run["epsilon"] == 0 || run["attack"]["name"] == "none"; }

/// Everything about a run but its model.
std::string setting_of(const Json& run) {
  if (is_clean(run)) return run["defense"].dump();
  return Json{run["attack"], run["defense"], run["access"], run["epsilon"]}.dump();
}

struct Pair {
  size_t a, b;
  PairedComparison comparison;
};

}  // namespace

Json comparisons_json(const Json& runs, const std::vector<std::vector<int64_t>>& hits) {
  std::vector<Pair> pairs;
  std::map<std::string, std::vector<size_t>> alike;
  for (size_t b = 0; b < runs.size(); ++b) {
    if (!is_clean(runs[b]) && !wants_wrong_answer(runs[b]["attack"])) continue;
    std::vector<size_t>& earlier = alike[setting_of(runs[b])];
    const auto same_model = [&](size_t a) { return runs[a]["model"] == runs[b]["model"]; };
    if (std::any_of(earlier.begin(), earlier.end(), same_model)) continue;  // the clean images again
    for (const size_t a : earlier) {
      Pair& pair = pairs.emplace_back(Pair{a, b, {}});
      const int64_t draws_a = runs[a]["accuracy"]["draws"], draws_b = runs[b]["accuracy"]["draws"];
      for (size_t i = 0; i < hits[a].size(); ++i) pair.comparison.add(hits[a][i], draws_a, hits[b][i], draws_b);
    }
    earlier.push_back(b);
  }
  std::vector<double> chances;
  for (const Pair& pair : pairs) chances.push_back(pair.comparison.p_value());
  const std::vector<double> together = holm(chances);
  Json list = Json::array();
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto& [a, b, comparison] = pairs[i];
    const Interval interval = comparison.interval();
    const bool decided = together[i] < kLevel && (interval.low > 0 || interval.high < 0);
    list.push_back({{"run_a", a},
                    {"run_b", b},
                    {"difference", comparison.difference()},
                    {"ci95", interval.to_json()},
                    {"p", chances[i]},
                    {"p_holm", together[i]},
                    {"more_robust", decided ? runs[interval.low > 0 ? a : b]["model"] : Json()}});
  }
  return list;
}

std::string compared_line(const plotting::RunList& list, const plotting::PlottedRun& a, const plotting::PlottedRun& b,
                          const Json& entry, double difference, const Json& ends, const std::string& budget) {
  const bool a_leads = entry["more_robust"] == (*a.json)["model"];
  const double sign = a_leads ? 100 : -100;
  return fmt::format("  {} more robust than {}: {}, {}, epsilon {}: {:+.2f} points [{:.2f}, {:.2f}], p {:.2g}\n",
                     list.models[(a_leads ? a : b).model].label, list.models[(a_leads ? b : a).model].label, a.attack,
                     a.setting, budget, sign * difference, sign * ends[a_leads ? 0 : 1].get<double>(),
                     sign * ends[a_leads ? 1 : 0].get<double>(), entry["p_holm"].get<double>());
}

std::string comparisons_text(const Json& report) {
  const Json comparisons = report.value("comparisons", Json::array());
  if (comparisons.empty()) return "";
  const std::vector<Json> files{report};
  const plotting::RunList list = plotting::join_runs(files);
  std::string text;
  size_t decided = 0;
  for (const Json& entry : comparisons) {
    if (entry["more_robust"].is_null()) continue;
    ++decided;
    const auto* a = plotting::find_run(list, 0, entry["run_a"]);
    const auto* b = plotting::find_run(list, 0, entry["run_b"]);
    if (a == nullptr || b == nullptr) continue;
    text += compared_line(list, *a, *b, entry, entry["difference"], entry["ci95"],
                          plotting::epsilon_text(a->epsilon, a->norm));
  }
  return fmt::format("{} of {} comparisons of models on the same images are decided (5 %, Holm){}\n{}", decided,
                     comparisons.size(), decided > 0 ? ":" : "; the others may be chance", text);
}

}  // namespace aigis
