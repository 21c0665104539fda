#include "reports/flag_checks.h"

#include "reports/beyond_noise.h"
#include "reports/clean_accuracy.h"
#include "reports/grows_with_budget.h"

namespace aigis {
namespace {

/// Whatever happens once is told.
Looked once_of(int64_t count, Json numbers) {
  if (count == 0) return {};
  return {count, 1.0 / static_cast<double>(count), std::move(numbers)};
}

/// A number of each run and budget, added up. A worst case has its attacks' work for its own.
int64_t sum_of(const FlaggedRuns& flagged, int64_t (*number)(const FlaggedRuns&, size_t run, size_t epsilon)) {
  int64_t sum = 0;
  for (const size_t r : flagged.runs) {
    if (flagged.plan.runs[r].is_worst_case()) continue;
    for (size_t e = 0; e < flagged.plan.epsilons.size(); ++e) sum += number(flagged, r, e);
  }
  return sum;
}

const RunTally& tally_of(const FlaggedRuns& flagged, size_t r) { return flagged.result.tallies[flagged.m][r]; }

Looked clean_accuracy(const FlaggedRuns& flagged) {
  const size_t r = flagged.runs.front();
  // Clean accuracy is compared without a defense, where that was run.
  if (!is_for_clean_accuracy(flagged.plan, flagged.plan.runs[r])) return {};
  const auto compared = compare_clean(flagged.plan, flagged.plan.runs[r], tally_of(flagged, r), flagged.model);
  if (!compared) return {flagged.plan.data.size()};
  return {flagged.plan.data.size(), compared->smallest_effect(), compared->to_json()};
}

Looked classes(const FlaggedRuns& flagged) {
  return once_of(static_cast<int64_t>(flagged.model.classes.size()), Json::object());
}

Looked logits(const FlaggedRuns& flagged) {
  const auto& clean = tally_of(flagged, flagged.runs.front()).clean;
  if (clean.accuracy.trials() == 0) return {};
  return {clean.accuracy.trials(), 1.0, {{"images", clean.like_probabilities}}};  // told where all are
}

Looked gradients(const FlaggedRuns& flagged) {
  const int64_t taken =
      sum_of(flagged, [](const FlaggedRuns& f, size_t r, size_t e) { return tally_of(f, r).cells[e].audit.backward; });
  return once_of(taken, {{"gradients", 0}, {"of", taken}});
}

Looked budget(const FlaggedRuns& flagged) {
  const int64_t proposed = sum_of(
      flagged, [](const FlaggedRuns& f, size_t r, size_t) { return f.plan.runs[r].attack ? f.plan.data.size() : 0; });
  return once_of(proposed, {{"images", 0}, {"of", proposed}});
}

Looked best_iterate(const FlaggedRuns& flagged) {
  const int64_t watched =
      sum_of(flagged, [](const FlaggedRuns& f, size_t r, size_t e) { return tally_of(f, r).cells[e].watched; });
  return once_of(watched, {{"images", 0}, {"of", watched}});
}

Looked beyond_noise(const FlaggedRuns& flagged) {
  const int64_t held = sum_of(flagged, [](const FlaggedRuns& f, size_t r, size_t e) {
    return static_cast<int64_t>(is_held_against_noise(f.plan, f.m, r, e));
  });
  if (held == 0) return {};
  return {flagged.plan.data.size(), {}, {{"attacks", held}}};  // each by its own measure
}

Looked grows_with_budget(const FlaggedRuns& flagged) {
  const int64_t held = sum_of(flagged, [](const FlaggedRuns& f, size_t r, size_t e) {
    return static_cast<int64_t>(is_held_against_smaller_budgets(f.plan, f.m, r, e));
  });
  if (held == 0) return {};
  return {flagged.plan.data.size(), {}, {{"attacks", held}}};
}

}  // namespace

const std::vector<FlagCheck>& flag_checks() {
  constexpr const char* kOwn = "this project";
  constexpr const char* kCarlini = "Carlini et al. 2019, arXiv:1902.06705";
  constexpr const char* kAthalye = "Athalye et al. 2018, arXiv:1802.00420";
  static const std::vector<FlagCheck> checks{
      {"clean-accuracy",
       "clean accuracy is not what the checkpoint records: other data, labels or normalization",
       kCarlini,
       {"clean-accuracy", "clean-accuracy-unchecked"},
       "clean accuracy is what the checkpoint records",
       clean_accuracy},
      {"classes",
       "the data's classes have other names than the checkpoint's",
       kOwn,
       {"class-names"},
       "the data's classes are the checkpoint's",
       classes},
      {"logits",
       "the model answers with probabilities, NaN or infinity where logits are expected",
       kCarlini,
       {"probabilities", "answer-not-finite"},
       "the model answers with logits",
       logits},
      {"gradients",
       "a gradient is NaN or infinite, or zero before the attack has what it wants",
       kAthalye,
       {"zero-gradient", "gradient-not-finite"},
       "no gradient was NaN or infinite, or zero before the attack had what it wanted",
       gradients},
      {"budget",
       "an attack leaves its budget or the box, or proposes NaN",
       kCarlini,
       {"budget", "box", "proposal-not-finite"},
       "no attack left its budget or the box",
       budget},
      {"best-iterate",
       "an attack lets go of an image that it has broken on its way",
       kOwn,
       {"best-iterate"},
       "no attack let go of an image that it had broken",
       best_iterate},
      {"beyond-noise",
       "an attack does no more than the noise beside it",
       kCarlini,
       {"noise-as-strong"},
       "every attack did more than the noise beside it",
       beyond_noise},
      {"grows-with-budget",
       "an attack on gates does less than within a smaller budget",
       kCarlini,
       {"grows-with-budget"},
       "no attack on gates did significantly less than within a smaller budget",
       grows_with_budget},
  };
  return checks;
}

}  // namespace aigis
