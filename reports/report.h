// From the tallies of a sweep to the report: the JSON that interface, schema and plots agree on.
#pragma once

#include <string>
#include <vector>

#include "lib/eval/finding.h"
#include "lib/eval/sweep.h"

namespace aigis {

/// A model of the sweep as the report names it.
struct ReportedModel {
  std::string id;                    ///< unique in the report
  std::string file;                  ///< of its checkpoint
  std::string sha256;                ///< of that file
  Json record;                       ///< the checkpoint's training record; null if it has none
  std::vector<std::string> classes;  ///< names of its outputs; empty if the checkpoint has none
  ModelCard card;
};

/// Facts of a run that the sweep itself does not know.
struct ReportContext {
  Json tool, environment, config;
  std::string data_spec;
  std::vector<ReportedModel> models;      ///< in the order of the plan's
  std::vector<ReportedModel> surrogates;  ///< that transferred attacks see
};

/// A report that satisfies reports/schema/report.schema.json, to be written as reports/report_text.h does. Runs are in
/// the order model, run, epsilon. `findings` of checks are those of each model; without any, models have no checks.
Json make_report(const SweepPlan& plan, const SweepResult& result, const std::vector<std::vector<Finding>>& findings,
                 const ReportContext& context);

/// [{"name", "macs", "gate_macs"}], also in what training writes.
Json gated_layers_json(const ModelCard& card);

/// The parts of a report that can be told again from a model, a run, or what was counted of it at one budget:
/// "architecture", "options", "parameters", "macs" (without "expected"), "gates";
Json model_facts(const ModelCard& card);
/// "attack", "defense", "access";
Json run_facts(const std::vector<Run>& runs, const Run& run);
/// "accuracy", "gates", "macs", "perturbation", "near_ties", "without_answer".
Json counted_facts(const ModelCard& card, const RunTally& tally, const CellTally& cell);

}  // namespace aigis
