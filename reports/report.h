// From the tallies of a sweep to the report: the JSON that interface, schema and plots agree on.
#pragma once

#include <string>
#include <vector>

#include "lib/eval/sweep.h"

namespace aigis {

/// A model of the sweep as the report names it.
struct ReportedModel {
  std::string id;      ///< unique in the report
  std::string file;    ///< of its checkpoint
  std::string sha256;  ///< of that file
  Json record;         ///< the checkpoint's training record; null if it has none
  ModelCard card;
};

/// Facts of a run that the sweep itself does not know.
struct ReportContext {
  Json tool, environment, config;
  std::string data_spec;
  std::vector<ReportedModel> models;  ///< in the order of the plan's
};

/// A report that satisfies reports/schema/report.schema.json. Runs are in the order model, run, epsilon.
Json make_report(const SweepPlan& plan, const SweepResult& result, const ReportContext& context);

/// The table that `sweep` and `evaluate` print: a line for each run, its flags below it.
std::string report_table(const Json& report);

}  // namespace aigis
