#include "reports/curves.h"

#include <algorithm>
#include <cmath>

#include "lib/metrics/bootstrap.h"
#include "lib/metrics/comparison.h"
#include "reports/aim.h"
#include "reports/comparison.h"

namespace aigis {
namespace {

struct Curve {
  std::string setting, model;
  std::vector<size_t> runs;    ///< by rising budget, all above 0
  bool is_of_answers;          ///< the attack wants wrong ones
  std::vector<int64_t> areas;  ///< each image's, below its curve: twice that in steps of the budgets times draws
  int64_t largest;             ///< that of an image that is always right

  std::vector<double> means() const {
    std::vector<double> of_images;
    for (const int64_t area : areas) of_images.push_back(static_cast<double>(area) / static_cast<double>(largest));
    return of_images;
  }
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
      curve = curves.insert(curve, {setting, run["model"], {}, wants_wrong_answer(run["attack"]), {}, 0});
    }
    curve->runs.push_back(i);
  }
  std::erase_if(curves, [](const Curve& curve) { return curve.runs.size() < 2; });
  return curves;
}

/// Budgets as whole numbers of a step that divides them all, so that equal sums of areas are equal; or, where none of a
/// millionth of the largest or more does, of such a step.
std::vector<int64_t> in_steps(const std::vector<double>& budgets) {
  constexpr int64_t kMost = 1'000'000;
  constexpr double kRounding = 1e-8;  // of a step
  int64_t steps = 1;
  const auto in_these = [&](double budget) { return budget / budgets.back() * static_cast<double>(steps); };
  const auto is_whole = [&](double budget) {
    return std::abs(in_these(budget) - std::round(in_these(budget))) < kRounding;
  };
  while (steps < kMost && !std::all_of(budgets.begin(), budgets.end(), is_whole)) ++steps;
  std::vector<int64_t> whole;
  for (const double budget : budgets) whole.push_back(std::llround(in_these(budget)));
  return whole;
}

/// Twice the area below one image's curve, by trapezoids; `hits` are its right draws at budgets that rise from 0.
int64_t area_below(const std::vector<int64_t>& hits, const std::vector<int64_t>& budgets) {
  int64_t area = 0;
  for (size_t i = 1; i < budgets.size(); ++i) area += (budgets[i] - budgets[i - 1]) * (hits[i] + hits[i - 1]);
  return area;
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
    const std::vector<int64_t> steps = in_steps(budgets);
    for (size_t i = 0; i < images; ++i) {
      std::vector<int64_t> right{clean_hits[curve.runs.front()][i]};
      for (const size_t r : curve.runs) right.push_back(hits[r][i]);
      curve.areas.push_back(area_below(right, steps));
    }
    curve.largest = 2 * steps.back() * runs[curve.runs.front()]["accuracy"]["draws"].get<int64_t>();
    report["curves"].push_back(
        {{"runs", curve.runs}, {"mean_accuracy", difference_json(bootstrap.mean(curve.means()))}});
  }
  struct Pair {
    size_t a, b;
    Bootstrap::Result difference;
  };
  std::vector<Pair> pairs;
  std::vector<double> chances;
  std::vector<std::string> families;
  for (size_t b = 0; b < curves.size(); ++b) {
    for (size_t a = 0; a < b; ++a) {
      if (curves[a].setting != curves[b].setting || !curves[b].is_of_answers) continue;
      PairedComparison comparison(curves[a].largest, curves[b].largest);
      std::vector<double> differences = curves[a].means();
      const std::vector<double> others = curves[b].means();
      for (size_t i = 0; i < images; ++i) {
        differences[i] -= others[i];
        comparison.add(curves[a].areas[i], curves[b].areas[i]);
      }
      pairs.push_back({a, b, bootstrap.mean(differences)});
      chances.push_back(comparison.p_value());
      families.push_back(family_of(runs[curves[b].runs.front()]));
    }
  }
  const std::vector<double> together = holm(chances, families);
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto& [a, b, difference] = pairs[i];
    const bool decided = is_decided(together[i], difference.interval);
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
