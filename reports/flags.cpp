#include "reports/flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "reports/clean_accuracy.h"
#include "reports/plot/value.h"

namespace aigis {
namespace {

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
  if (gained < kWorthAWord - 1e-9) return;  // a difference of shares may be a hair less than it is
  flags.push_back(flag("rounding", "info",
                       fmt::format("rounded to 8 bits, {:.1f} % more of the images are right: robust_quantized is the "
                                   "accuracy against these images, not the least that 8-bit images reach (an attack "
                                   "with stop=false goes further than just across the boundary)",
                                   100 * gained),
                       {{"gained", gained}}));
}

void check_proposals(Json& flags, const CellTally& cell) {
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
}

void check_answers(Json& flags, const CellTally& cell) {
  if (cell.pass.without_answer == 0) return;
  flags.push_back(flag("answer-not-finite", "error",
                       "the model answered adversarial images with NaN or infinity, which is no class and counts as "
                       "wrong: a defect of the model",
                       {{"images", cell.pass.without_answer}}));
}

void check_gradients(Json& flags, const Run& run, const CellTally& cell) {
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
}

void check_best_iterate(Json& flags, const CellTally& cell) {
  if (cell.lost == 0) return;
  flags.push_back(
      flag("best-iterate", "warning",
           fmt::format("{} broken on the way, but right at the end: robust accuracy is overstated by as many "
                       "(keep=best, stop=true)",
                       cell.lost == 1 ? "1 image was" : fmt::format("{} images were", cell.lost)),
           {{"images", cell.lost}}));
}

void check_logits(Json& flags, const RunTally& tally) {
  const int64_t alike = tally.clean.like_probabilities;
  if (alike == 0 || alike != tally.clean.accuracy.trials()) return;
  flags.push_back(flag("probabilities", "warning",
                       "the model answers with probabilities where logits are expected: losses that take their "
                       "softmax again have small gradients, so robustness may be overstated",
                       {{"images", alike}}));
}

void add_notes(Json& flags, const Run& run, const ReportedModel& model) {
  if (!run.attack) return;
  for (const auto& note : run.attack->notes(model.card)) {
    flags.push_back(flag("attack-note", "info", note, Json::object()));
  }
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

}  // namespace

std::string kind_of_flag(const Json& flag) {
  std::string message = plotting::text_at(flag, {"message"});
  std::erase_if(message, [](unsigned char c) { return std::isdigit(c) || c == '.'; });
  return plotting::text_at(flag, {"level"}) + "|" + plotting::text_at(flag, {"check"}) + "|" + message;
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
  check_proposals(flags, cell);
  check_answers(flags, cell);
  check_gradients(flags, run, cell);
  check_best_iterate(flags, cell);
  check_logits(flags, tally);
  add_notes(flags, run, model);
  check_rounding(flags, cell);
  check_kept_answers(flags, run, cell);
  check_clean_accuracy(flags, plan, run, tally, model);
  if (Json other = other_class_names(model.classes, plan.data.classes); !other.is_null()) {
    flags.push_back(std::move(other));
  }
  return flags;
}

}  // namespace aigis
