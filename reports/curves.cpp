#include "reports/curves.h"

#include <algorithm>

#include "lib/metrics/bootstrap.h"
#include "lib/metrics/comparison.h"
#include "reports/aim.h"
#include "reports/comparison.h"

namespace aigis {
namespace {

struct Curve {
  std::string setting, model;
  std::vector<size_t> runs;    ///< by rising budget, all above 0
  std::vector<double> images;  ///< each image's mean over budgets
  bool is_of_answers;          ///< the attack wants wrong ones
};

std::vector<Curve> curves_of(const Json& runs) {
  std::vector<Curve> curves;
  for (size_t i = 0; i < runs.size(); ++i) {
    const Json& run = runs[i];
    if (is_clean(run)) continue;
    const std::string setting = Json{run["attack"], run["defense"], run["access"]}.dump();
    auto curve = std::find_if(curves.begin(), curves.end(),
                              [&](const Curve& c) { return c.setting == setting && c.model == run["model"]; });
    if (curve == curves.end()) {
      curve = curves.insert(curve, {setting, run["model"], {}, {}, wants_wrong_answer(run["attack"])});
    }
    curve->runs.push_back(i);
  }
  std::erase_if(curves, [](const Curve& curve) { return curve.runs.size() < 2; });
  return curves;
}

/// The mean of one image over budgets that rise from 0; `right` are its shares of right draws at them.
double mean_over(const std::vector<double>& budgets, const std::vector<double>& right) {
  double area = 0;
  for (size_t i = 1; i < budgets.size(); ++i) area += (budgets[i] - budgets[i - 1]) * (right[i] + right[i - 1]) / 2;
  return area / budgets.back();
}

Json difference_json(const Bootstrap::Result& result) {
  return {{"value", result.mean}, {"ci95", result.interval.to_json()}};
}

}  // namespace

void add_curves(Json& report, const std::vector<std::vector<int64_t>>& hits,
                const std::vector<std::vector<int64_t>>& clean_hits) {
  report["curves"] = report["curve_comparisons"] = Json::array();
  const Json& runs = report["runs"];  // no key is added from here on, which would move it
  std::vector<Curve> curves = curves_of(runs);
  if (curves.empty() || hits.front().empty()) return;
  const size_t images = hits.front().size();
  const Bootstrap bootstrap(static_cast<int64_t>(images));
  for (Curve& curve : curves) {
    std::vector<double> budgets{0};
    for (const size_t r : curve.runs) budgets.push_back(runs[r]["epsilon"]);
    const auto draws = runs[curve.runs.front()]["accuracy"]["draws"].get<double>();
    for (size_t i = 0; i < images; ++i) {
      std::vector<double> right{static_cast<double>(clean_hits[curve.runs.front()][i]) / draws};
      for (const size_t r : curve.runs) right.push_back(static_cast<double>(hits[r][i]) / draws);
      curve.images.push_back(mean_over(budgets, right));
    }
    report["curves"].push_back(
        {{"runs", curve.runs}, {"mean_accuracy", difference_json(bootstrap.mean(curve.images))}});
  }
  struct Pair {
    size_t a, b;
    Bootstrap::Result difference;
    PairedComparison comparison;  ///< does not believe a handful of images that agree, as resampling does
  };
  std::vector<Pair> pairs;
  std::vector<double> chances;
  std::vector<std::string> families;
  for (size_t b = 0; b < curves.size(); ++b) {
    for (size_t a = 0; a < b; ++a) {
      if (curves[a].setting != curves[b].setting || !curves[b].is_of_answers) continue;
      Pair& pair = pairs.emplace_back(Pair{a, b, {}, {}});
      std::vector<double> differences;
      for (size_t i = 0; i < images; ++i) {
        differences.push_back(curves[a].images[i] - curves[b].images[i]);
        pair.comparison.add(differences.back());
      }
      pair.difference = bootstrap.mean(differences);
      chances.push_back(pair.comparison.p_value());
      families.push_back(family_of(runs[curves[b].runs.front()]));
    }
  }
  const std::vector<double> together = holm(chances, families);
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto& [a, b, difference, comparison] = pairs[i];
    const bool decided = is_decided(together[i], difference.interval) && comparison.interval().excludes_zero();
    report["curve_comparisons"].push_back(
        {{"curve_a", a},
         {"curve_b", b},
         {"difference", difference_json(difference)},
         {"p", chances[i]},
         {"p_holm", together[i]},
         {"more_robust", decided ? Json(curves[difference.mean > 0 ? a : b].model) : Json()}});
  }
}

}  // namespace aigis
