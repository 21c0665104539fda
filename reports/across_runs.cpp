#include "reports/across_runs.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lib/metrics/comparison.h"

namespace aigis {
namespace {

/// Of checks or of curves.
void check_runs_of(const ReportCheck& check, const Json& report, const std::string& key) {
  const Json parts = report.value(key, Json::array());
  for (size_t i = 0; i < parts.size(); ++i) {
    for (const Json& run : parts[i]["runs"]) {
      check.index(run, report["runs"].size(), fmt::format("/{}/{}/runs", key, i), "runs");
    }
  }
}

/// A model is said to be ahead where test and interval of the difference, a's accuracy less b's, say so.
void check_decision(const ReportCheck& check, const Json& entry, const Json& ci95, const Json& model_a,
                    const Json& model_b, const std::string& pointer) {
  const Interval difference{ci95[0], ci95[1]};
  const double p = entry["p_holm"];
  Json ahead;
  if (is_decided(p, difference)) ahead = difference.low > 0 ? model_a : model_b;
  check.hold(entry["more_robust"].dump() == ahead.dump(), pointer + "/more_robust",
             fmt::format("expected {} by p_holm {} and the difference's interval [{}, {}], got {}", ahead.dump(), p,
                         difference.low, difference.high, entry["more_robust"].dump()));
}

void check_comparisons(const ReportCheck& check, const Json& report) {
  const Json comparisons = report.value("comparisons", Json::array());
  for (size_t i = 0; i < comparisons.size(); ++i) {
    for (const char* run : {"run_a", "run_b"}) {
      check.index(comparisons[i][run], report["runs"].size(), fmt::format("/comparisons/{}/{}", i, run), "runs");
    }
    const auto model = [&](const char* run) { return report["runs"][comparisons[i][run].get<size_t>()]["model"]; };
    const std::string pointer = fmt::format("/comparisons/{}", i);
    check.inside(comparisons[i]["difference"], comparisons[i]["ci95"], pointer + "/ci95");
    check_decision(check, comparisons[i], comparisons[i]["ci95"], model("run_a"), model("run_b"), pointer);
  }
}

void check_curves(const ReportCheck& check, const Json& report) {
  const Json curves = report.value("curves", Json::array()), pairs = report.value("curve_comparisons", Json::array());
  for (size_t i = 0; i < curves.size(); ++i) {
    const Json& mean = curves[i]["mean_accuracy"];
    check.inside(mean["value"], mean["ci95"], fmt::format("/curves/{}/mean_accuracy/ci95", i));
  }
  for (size_t i = 0; i < pairs.size(); ++i) {
    for (const char* curve : {"curve_a", "curve_b"}) {
      check.index(pairs[i][curve], curves.size(), fmt::format("/curve_comparisons/{}/{}", i, curve), "curves");
    }
    const auto model = [&](const char* curve) {
      const Json& runs = curves[pairs[i][curve].get<size_t>()]["runs"];
      return runs.empty() ? Json() : report["runs"][runs[0].get<size_t>()]["model"];
    };
    const Json& difference = pairs[i]["difference"];
    const std::string pointer = fmt::format("/curve_comparisons/{}", i);
    check.inside(difference["value"], difference["ci95"], pointer + "/difference/ci95");
    check_decision(check, pairs[i], difference["ci95"], model("curve_a"), model("curve_b"), pointer);
  }
}

}  // namespace

void check_across_runs(const ReportCheck& check, const Json& report) {
  check_runs_of(check, report, "checks");
  check_runs_of(check, report, "curves");
  check_comparisons(check, report);
  check_curves(check, report);
}

}  // namespace aigis
