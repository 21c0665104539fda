// Checks that need no work of their own: what every run tells in its flags, for one model behind one defense.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/report.h"

namespace aigis {

/// One model of a sweep, and the runs of the plan with one defense.
struct FlaggedRuns {
  const SweepPlan& plan;
  const SweepResult& result;
  const ReportedModel& model;
  size_t m;                  ///< of the model
  std::vector<size_t> runs;  ///< indices into plan.runs
};

/// What there was to look at.
struct Looked {
  int64_t count = 0;                           ///< of images, or of what the check counts; 0: nothing was there
  std::optional<double> smallest_effect = {};  ///< share of them that would have been told
  Json numbers = Json::object();               ///< where nothing was told
};

struct FlagCheck {
  const char* name;
  const char* summary;  ///< of what it looks for
  const char* source;
  std::vector<std::string> flags;  ///< that it goes by
  const char* passed;              ///< a sentence
  Looked (*look)(const FlaggedRuns& flagged);
};

/// In the order of the report.
const std::vector<FlagCheck>& flag_checks();

}  // namespace aigis
