// A report that is held against its data and its models, and what of it did not hold.
#pragma once

#include <string>
#include <vector>

#include "cli/report_models.h"
#include "lib/eval/sweep.h"

namespace aigis {

/// The second number of a report's version, 1.minor. A report that is earlier than kReportVersion may lack what came
/// later.
int64_t minor_version_of(const std::string& version, const std::string& path);

struct Verification {
  /// Takes a report that was read from a path, and reads the data that it was made on. Throws InputError if it was made
  /// on others.
  Verification(const std::string& report_path, Json parsed, const std::string& data_from, const std::string& on_device);
  Verification(const Verification&) = delete;  // models refer to the report and the data
  Verification& operator=(const Verification&) = delete;

  /// Notes where the report does not say what was found, at a JSON pointer.
  void expect(const Json& said, const Json& found, const std::string& pointer);
  int64_t minor_version() const { return minor_version_of(report["version"].get<std::string>(), path); }
  /// A whole number of the report's configuration. Throws InputError if it is none, or too small.
  int64_t configured(const char* key, int64_t otherwise, int64_t least = 0) const;
  /// What stands at a place of the report's list of runs, once verify_facts() has seen that list.
  const Run& run_at(size_t index) const { return plan.runs[index / plan.epsilons.size() % plan.runs.size()]; }

  std::string path;
  Json report;
  at::Device device;
  std::string data_spec;
  SweepPlan plan;         ///< runs, epsilons and data, as the configuration has them
  int64_t available = 0;  ///< images of the whole test part
  int64_t saved = 0;      ///< images of each run
  ReportModels models;
  std::vector<std::string> disagreements;
};

/// Holds what a report says of its data, its models and the runs that its configuration asks for against what they are.
/// Throws InputError if the list of runs is another than the configuration's, so that no run can be judged.
void verify_facts(Verification& verification);

struct Verdicts {
  int64_t images = 0, runs = 0;  ///< that were judged again
  int64_t near_ties = 0;         ///< verdicts that rounding turned
  bool in_bytes = false;         ///< of 8-bit images, which do not tell what the report counts of others
  int64_t other_graphs = 0;      ///< runs along graphs that gates=frozen no longer keeps, which are not judged again
};

/// Judges the saved images of every run again, and counts again what was counted over all of them: totals, flags of the
/// clean pass, comparisons and curves; of 8-bit images the totals of the clean pass and of the accuracy in 8 bits, and
/// comparisons without an attack.
Verdicts verify_verdicts(Verification& verification);

}  // namespace aigis
