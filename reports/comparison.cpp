#include "reports/comparison.h"

#include <algorithm>
#include <map>

#include "lib/metrics/comparison.h"
#include "reports/aim.h"

namespace aigis {
namespace {

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

bool is_clean(const Json& run) {
  return is_clean(run["attack"]["name"].get_ref<const std::string&>(), run["epsilon"].get<double>());
}
bool is_clean(const std::string& attack, double epsilon) { return attack == "none" || epsilon == 0; }

std::string family_of(const Json& run) {
  if (is_clean(run)) return "clean";
  return run["attack"]["name"].get_ref<const std::string&>() == kWorstCase ? kWorstCase : "attacks";
}

Json comparisons_json(const Json& runs, const std::vector<std::vector<int64_t>>& hits) {
  std::vector<Pair> pairs;
  std::vector<double> chances;
  std::vector<std::string> families;
  std::map<std::string, std::vector<size_t>> alike;
  for (size_t b = 0; b < runs.size(); ++b) {
    if (!is_clean(runs[b]) && !wants_wrong_answer(runs[b]["attack"])) continue;
    std::vector<size_t>& earlier = alike[setting_of(runs[b])];
    const auto same_model = [&](size_t a) { return runs[a]["model"] == runs[b]["model"]; };
    if (std::any_of(earlier.begin(), earlier.end(), same_model)) continue;  // the clean images again
    for (const size_t a : earlier) {
      const int64_t draws_a = runs[a]["accuracy"]["draws"], draws_b = runs[b]["accuracy"]["draws"];
      Pair& pair = pairs.emplace_back(Pair{a, b, PairedComparison(draws_a, draws_b)});
      for (size_t i = 0; i < hits[a].size(); ++i) pair.comparison.add(hits[a][i], hits[b][i]);
      chances.push_back(pair.comparison.p_value());
      families.push_back(family_of(runs[b]));
    }
    earlier.push_back(b);
  }
  const std::vector<double> together = holm(chances, families);
  Json list = Json::array();
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto& [a, b, comparison] = pairs[i];
    const Interval interval = comparison.interval();
    list.push_back(
        {{"run_a", a},
         {"run_b", b},
         {"difference", comparison.difference()},
         {"ci95", interval.to_json()},
         {"p", chances[i]},
         {"p_holm", together[i]},
         {"more_robust", is_decided(together[i], interval) ? runs[interval.low > 0 ? a : b]["model"] : Json()}});
  }
  return list;
}

}  // namespace aigis
