#include "reports/across_runs.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

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

void check_comparisons(const ReportCheck& check, const Json& report) {
  const Json comparisons = report.value("comparisons", Json::array());
  for (size_t i = 0; i < comparisons.size(); ++i) {
    for (const char* run : {"run_a", "run_b"}) {
      check.index(comparisons[i][run], report["runs"].size(), fmt::format("/comparisons/{}/{}", i, run), "runs");
    }
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
    const Json& difference = pairs[i]["difference"];
    check.inside(difference["value"], difference["ci95"], fmt::format("/curve_comparisons/{}/difference/ci95", i));
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
