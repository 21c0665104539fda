#include "reports/flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/metrics/comparison.h"

namespace aigis {
namespace {

/// The accuracy on held-out images that training wrote into the checkpoint, for these images and this mode of the
/// gates; null if it wrote none.
Json recorded_accuracy(const ReportedModel& model, const SweepPlan& plan) {
  if (!model.record.is_object() || model.record.value("data", "") != plan.data.name) return nullptr;
  const Json recorded = model.record.value("held_out", Json::object()).value(model.card.gate_mode, Json());
  return recorded.is_object() && recorded["value"].is_number() ? recorded : Json();
}

/// It catches normalization applied twice, labels shifted by one, weights of another model.
void check_clean_accuracy(Json& flags, const SweepPlan& plan, const Run& run, const RunTally& tally,
                          const ReportedModel& model) {
  if (!is_for_clean_accuracy(plan, run) || tally.clean.accuracy.trials() == 0) return;
  const auto compared = compare_clean(plan, run, tally, model);
  if (!compared) {
    flags.push_back(flag("clean-accuracy-unchecked", "info",
                         run.defense ? "clean accuracy was compared with nothing: no run is without a defense"
                                     : "clean accuracy was compared with nothing: the checkpoint records none for this "
                                       "data set and this mode of its gates",
                         Json::object()));
    return;
  }
  if (!compared->smallest_effect()) {
    flags.push_back(flag(
        "clean-accuracy-unchecked", "info",
        fmt::format("{} images are too few to hold clean accuracy against the checkpoint's record", compared->images),
        Json::object()));
    return;
  }
  if (!compared->is_implausible()) return;
  flags.push_back(
      flag("clean-accuracy", "error",
           fmt::format("clean accuracy is {:.1f} %, the checkpoint recorded {:.1f} % on held-out images: the "
                       "data, its labels or the normalization are not those of training",
                       100 * compared->now, 100 * compared->recorded),
           compared->to_json()));
}

/// Images that an attack left as soon as they were broken are hardly so, and rounding mends many of them.
void check_rounding(Json& flags, const CellTally& cell) {
  constexpr double kWorthAWord = 0.02;
  const double gained = cell.quantized.value() - cell.pass.accuracy.value();
  if (gained < kWorthAWord) return;
  flags.push_back(flag("rounding", "info",
                       fmt::format("rounded to 8 bits, {:.1f} % more of the images are right: robust_quantized is the "
                                   "accuracy against these images, not the least that 8-bit images reach (an attack "
                                   "with stop=false goes further than just across the boundary)",
                                   100 * gained),
                       {{"gained", gained}}));
}

/// What an attack that is to keep the answers does to gates says little where it did not keep them.
void check_kept_answers(Json& flags, const Run& run, const CellTally& cell) {
  constexpr double kWanted = 0.95;
  const bool wanted = run.attack && run.attack->options().value("keep_label", false);
  if (!wanted || cell.kept.trials() == 0) return;
  const Interval kept = cell.kept.interval();
  if (kept.high >= kWanted) return;
  flags.push_back(
      flag("label-lost", "warning",
           fmt::format("the attack was to keep the answers (keep_label=true), and {:.1f} % [{:.1f}, {:.1f}] of them "
                       "stayed: its effect on gates is partly that of answers that changed",
                       100 * cell.kept.value(), 100 * kept.low, 100 * kept.high),
           {{"kept", cell.kept.value()}, {"wanted", kWanted}}));
}

constexpr double kImplausibleErrors = 4, kAccident = 1.0 / 15'000;

}  // namespace

double CleanComparison::distance() const { return std::abs(now - recorded) / error; }

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
  if (std::min(chance(0), chance(images)) >= kAccident) return {};
  return std::min(1.0, kImplausibleErrors * error);
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
  const Interval before{recorded["ci95"][0], recorded["ci95"][1]};
  // Intervals know about draws, so errors are taken from them.
  const double error = std::hypot(before.standard_error(), now.interval().standard_error());
  return CleanComparison{now.value(), now.trials(), recorded["value"], before, error};
}

Json flag(const char* check, const char* level, std::string message, Json numbers) {
  return {{"check", check}, {"level", level}, {"message", std::move(message)}, {"numbers", std::move(numbers)}};
}

Json other_class_names(const std::vector<std::string>& of_model, const std::vector<std::string>& of_data) {
  if (of_model.empty() || of_model == of_data) return nullptr;
  const auto differing = std::mismatch(of_model.begin(), of_model.end(), of_data.begin(), of_data.end());
  const auto first = static_cast<size_t>(differing.first - of_model.begin());
  const auto name = [&](const std::vector<std::string>& names) {
    return first < names.size() ? "'" + names[first] + "'" : "none";
  };
  return flag("class-names", "warning",
              fmt::format("class {} is {} in the checkpoint and {} in the data: was the model trained for this data?",
                          first, name(of_model), name(of_data)),
              {{"class", first}});
}

Json make_flags(const SweepPlan& plan, const Run& run, const RunTally& tally, const CellTally& cell,
                const ReportedModel& model) {
  Json flags = Json::array();
  if (cell.over_budget > 0) {
    flags.push_back(flag("budget", "error", "the attack left its budget and was projected back: a defect of the attack",
                         {{"images", cell.over_budget}, {"worst_overshoot", cell.worst_overshoot}}));
  }
  if (cell.out_of_box > 0) {
    flags.push_back(flag("box", "error", "the attack left [0, 1] and was clipped: a defect of the attack",
                         {{"images", cell.out_of_box}, {"worst_overshoot", cell.worst_overshoot}}));
  }
  if (cell.not_finite > 0) {
    flags.push_back(flag("proposal-not-finite", "error",
                         "the attack proposed NaN or infinity; the clean image was judged instead",
                         {{"images", cell.not_finite}}));
  }
  if (cell.pass.without_answer > 0) {
    flags.push_back(flag("answer-not-finite", "error",
                         "the model answered adversarial images with NaN or infinity, which is no class and counts as "
                         "wrong: a defect of the model",
                         {{"images", cell.pass.without_answer}}));
  }
  if (cell.audit.bad_gradients > 0) {
    flags.push_back(flag("gradient-not-finite", "error", "gradients with NaN or infinity were met",
                         {{"gradients", cell.audit.bad_gradients}, {"of", cell.audit.backward}}));
  }
  if (cell.audit.zero_gradients > 0 && !run.is_worst_case()) {  // whose attacks tell it themselves
    flags.push_back(
        flag("zero-gradient", "warning",
             fmt::format("{} of {} gradients were zero in every pixel: the attack saw nothing there, so robustness "
                         "may be overstated",
                         cell.audit.zero_gradients, cell.audit.backward),
             {{"gradients", cell.audit.zero_gradients}, {"of", cell.audit.backward}}));
  }
  if (cell.lost > 0) {
    flags.push_back(
        flag("best-iterate", "warning",
             fmt::format("{} broken on the way, but right at the end: robust accuracy is overstated by as many "
                         "(keep=best, stop=true)",
                         cell.lost == 1 ? "1 image was" : fmt::format("{} images were", cell.lost)),
             {{"images", cell.lost}}));
  }
  if (tally.clean.like_probabilities > 0 && tally.clean.like_probabilities == tally.clean.accuracy.trials()) {
    flags.push_back(flag("probabilities", "warning",
                         "the model answers with probabilities where logits are expected: losses that take their "
                         "softmax again have small gradients, so robustness may be overstated",
                         {{"images", tally.clean.like_probabilities}}));
  }
  if (run.attack) {
    for (const auto& note : run.attack->notes(model.card)) {
      flags.push_back(flag("attack-note", "info", note, Json::object()));
    }
  }
  check_rounding(flags, cell);
  check_kept_answers(flags, run, cell);
  check_clean_accuracy(flags, plan, run, tally, model);
  if (Json other = other_class_names(model.classes, plan.data.classes); !other.is_null()) {
    flags.push_back(std::move(other));
  }
  return flags;
}

}  // namespace aigis
