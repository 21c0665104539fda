#include "reports/clean_accuracy.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "lib/metrics/comparison.h"

namespace aigis {
namespace {

constexpr double kImplausibleErrors = 4, kAccident = 1.0 / 15'000;

/// The accuracy on held-out images that training wrote into the checkpoint, for these images and this mode of the
/// gates; null if it wrote none.
Json recorded_accuracy(const ReportedModel& model, const SweepPlan& plan) {
  if (!model.record.is_object() || model.record.value("data", "") != plan.data.name) return nullptr;
  // The graph that is frozen is the one that argmax takes for the clean image.
  const std::string mode = model.card.gate_mode == "frozen" ? "argmax" : model.card.gate_mode;
  const Json recorded = model.record.value("held_out", Json::object()).value(mode, Json());
  return recorded.is_object() && recorded["value"].is_number() ? recorded : Json();
}

}  // namespace

// Intervals know about draws, so errors are taken from them.
double CleanComparison::distance() const {
  return std::abs(now - recorded) / std::hypot(recorded_ci95.standard_error(), now_ci95.standard_error());
}

double CleanComparison::chance(int64_t right) const {
  const double p = (recorded_ci95.low + recorded_ci95.high) / 2;  // not 0 or 1, whatever was recorded
  const bool fewer = static_cast<double>(right) < p * static_cast<double>(images);
  return 2 * (fewer ? binomial_tail(right, images, p) : binomial_tail(images - right, images, 1 - p));
}

bool CleanComparison::is_implausible() const {
  const int64_t right = std::llround(now * static_cast<double>(images));
  return distance() > kImplausibleErrors && chance(right) < kAccident;
}

std::optional<double> CleanComparison::smallest_effect() const {
  const auto all = static_cast<double>(images);
  const auto is_seen = [&](int64_t right) {
    CleanComparison other = *this;
    other.now = static_cast<double>(right) / all;
    other.now_ci95 = wilson(static_cast<double>(right), all);  // as of one draw: more say no less
    return other.is_implausible();
  };
  const auto expected = static_cast<int64_t>(recorded * all);
  for (int64_t right = expected; right >= 0; --right) {
    if (is_seen(right)) return recorded - static_cast<double>(right) / all;
  }
  for (int64_t right = expected + 1; right <= images; ++right) {
    if (is_seen(right)) return static_cast<double>(right) / all - recorded;
  }
  return {};
}

Json CleanComparison::to_json() const {
  return {{"now", now}, {"recorded", recorded}, {"standard_errors", distance()}};
}

bool is_for_clean_accuracy(const SweepPlan& plan, const Run& run) {
  return !run.defense || std::all_of(plan.runs.begin(), plan.runs.end(), [](const Run& r) { return r.defense; });
}

std::optional<CleanComparison> compare_clean(const SweepPlan& plan, const Run& run, const RunTally& tally,
                                             const ReportedModel& model) {
  const Json recorded = recorded_accuracy(model, plan);
  if (run.defense || recorded.is_null() || tally.clean.accuracy.trials() == 0) return {};
  const Proportion& now = tally.clean.accuracy;
  return CleanComparison{
      now.value(), now.interval(), now.trials(), recorded["value"], {recorded["ci95"][0], recorded["ci95"][1]}};
}

}  // namespace aigis
