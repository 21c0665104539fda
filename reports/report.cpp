#include "reports/report.h"

#include "reports/aim.h"
#include "reports/beyond_noise.h"
#include "reports/checks.h"
#include "reports/comparison.h"
#include "reports/cost_facts.h"
#include "reports/curves.h"
#include "reports/flags.h"
#include "reports/gate_facts.h"
#include "reports/grows_with_budget.h"
#include "reports/report_text.h"
#include "reports/report_version.h"

namespace aigis {
namespace {

Json method(const std::string& name, const Json& options, const std::string& gradient_mode) {
  return {{"name", name}, {"options", options}, {"gradient_mode", gradient_mode}};
}

Json model_json(const ReportedModel& model, const std::vector<Run>& runs, const std::vector<RunTally>& tallies) {
  const ModelCard& card = model.card;
  // Expected cost is that of clean images without a defense, where some run measured it; worst cases are judged by
  // other draws.
  Json expected = card.gated.empty() ? Json(card.macs_full()) : Json();
  for (size_t r = 0; r < runs.size(); ++r) {
    if (card.gated.empty() || runs[r].defense || runs[r].is_worst_case()) continue;
    expected = executed_macs(card, tallies[r].clean);
  }
  Json json{{"id", model.id}, {"checkpoint", {{"file", model.file}, {"sha256", model.sha256}}}};
  json.update(model_facts(card));
  json["macs"]["expected"] = expected;
  return json;
}

Json stages_json(const AttackAudit& audit) {
  if (audit.stages.empty()) return nullptr;
  Json stages = Json::array();
  for (const Stage& stage : audit.stages) {
    stages.push_back({{"attack", stage.attack}, {"tried", stage.tried}, {"broken", stage.broken}});
  }
  return stages;
}

Json queries_json(const AttackAudit& audit) {
  return {{"forward", audit.forward},
          {"backward", audit.backward},
          {"aside", audit.aside},
          {"to_success", audit.broken_after.empty() ? Json() : Json(audit.broken_after)}};
}

Json run_json(const SweepPlan& plan, const Run& run, const RunTally& tally, size_t e, const ReportedModel& model) {
  const CellTally& cell = tally.cells[e];
  Json json{{"model", model.id}};
  json.update(run_facts(plan.runs, run));
  json["norm"] = norm_name(plan.norm);
  json["epsilon"] = plan.epsilons[e];
  json["count"] = plan.data.size();
  json["seed"] = plan.seed;
  json["nested"] = is_nested(plan, run, model.card);
  json.update(counted_facts(model.card, tally, cell));
  json["queries"] = queries_json(cell.audit);
  json["stages"] = stages_json(cell.audit);
  const double seconds = cell.seconds / static_cast<double>(plan.workers);  // spent by workers side by side
  json["seconds"] = seconds;
  json["images_per_second"] = seconds > 0 ? Json(static_cast<double>(plan.data.size()) / seconds) : Json();
  json["latency"] = cell.latency.to_json();
  json["flags"] = make_flags(plan, run, tally, cell, model);
  return json;
}

}  // namespace

Json gated_layers_json(const ModelCard& card) {
  Json layers = Json::array();
  for (const auto& layer : card.gated) {
    layers.push_back({{"name", layer.name}, {"macs", layer.macs}, {"gate_macs", layer.gate_macs}});
  }
  return layers;
}

Json model_facts(const ModelCard& card) {
  return {{"architecture", card.architecture},
          {"options", card.options},
          {"parameters", card.parameters},
          {"macs", {{"full", card.macs_full()}}},
          {"gates",
           {{"count", card.gated.size()},
            {"mode", card.gate_mode},
            {"draws", card.draws},
            {"layers", gated_layers_json(card)}}}};
}

Json run_facts(const std::vector<Run>& runs, const Run& run) {
  const Json none = method("none", Json::object(), "none");
  const auto described = [&](const auto& thing) {
    return thing ? method(thing->name(), thing->options(), thing->gradient_mode()) : none;
  };
  Json attack = run.is_worst_case() ? method(kWorstCase, {{"attacks", worst_case_labels(runs, run)}}, "none")
                                    : described(run.attack);
  if (run.attack) attack["aim"] = aim_name(run.attack->aim());
  return {{"attack", attack}, {"defense", described(run.defense)}, {"access", run.access.name}};
}

Json counted_facts(const ModelCard& card, const RunTally& tally, const CellTally& cell) {
  const auto images = static_cast<double>(tally.clean.accuracy.trials());
  const auto size = [&](const Extent& extent) {
    return Json{{"mean", images > 0 ? extent.sum / images : 0}, {"max", extent.max}};
  };
  return {{"accuracy",
           {{"convention", "mean"},
            {"draws", card.draws},
            {"clean", tally.clean.accuracy.to_json()},
            {"robust", cell.pass.accuracy.to_json()},
            {"robust_quantized", cell.quantized.to_json()},
            {"on_target", cell.on_target.trials() > 0 ? cell.on_target.to_json() : Json()},
            {"label_kept", cell.kept.to_json()},
            {"clean_top5", tally.clean.top5.to_json()},
            {"robust_top5", cell.pass.top5.to_json()}}},
          {"gates", gate_facts(card, tally, cell)},
          {"macs", cost_facts(card, tally, cell)},
          {"perturbation",
           {{"linf", size(cell.linf)}, {"l2", size(cell.l2)}, {"l1", size(cell.l1)}, {"l0", size(cell.l0)}}},
          {"near_ties", cell.pass.near_ties},
          {"without_answer", cell.pass.without_answer}};
}

Json make_report(const SweepPlan& plan, const SweepResult& result, const std::vector<std::vector<Finding>>& findings,
                 const ReportContext& context) {
  Json report{{"schema", "aigis-report"},
              {"version", kReportVersion.text()},
              {"text_sha256", kNoTextHash},
              {"tool", context.tool},
              {"environment", context.environment},
              {"config", context.config},
              {"data",
               {{"name", plan.data.name},
                {"split", part_name(plan.data.part)},
                {"count", plan.data.size()},
                {"classes", plan.data.classes},
                {"sha256", plan.data.hash()},
                {"spec", context.data_spec}}},
              {"models", Json::array()},
              {"surrogates", Json::array()},
              {"runs", Json::array()},
              {"checks", Json::array()},
              {"comparisons", Json::array()}};
  if (plan.training.images.defined()) report["data"]["training_sha256"] = plan.training.hash();
  std::vector<std::vector<int64_t>> hits, clean_hits;
  for (const auto& surrogate : context.surrogates) {
    report["surrogates"].push_back(
        {{"id", surrogate.id}, {"checkpoint", {{"file", surrogate.file}, {"sha256", surrogate.sha256}}}});
  }
  for (size_t m = 0; m < context.models.size(); ++m) {
    report["models"].push_back(model_json(context.models[m], plan.runs, result.tallies[m]));
    for (size_t r = 0; r < plan.runs.size(); ++r) {
      for (size_t e = 0; e < plan.epsilons.size(); ++e) {
        report["runs"].push_back(run_json(plan, plan.runs[r], result.tallies[m][r], e, context.models[m]));
        hits.push_back(result.tallies[m][r].cells[e].hits);
        clean_hits.push_back(result.tallies[m][r].clean_hits);
      }
    }
  }
  flag_noise(plan, result, report["runs"]);
  flag_smaller_budgets(plan, result, report["runs"]);
  report["checks"] = checks_json(plan, result, findings, context.models, report["runs"]);
  add_flags(report["checks"], report["runs"]);
  report["comparisons"] = comparisons_json(report["runs"], hits);
  add_curves(report, hits, clean_hits);
  return report;
}

}  // namespace aigis
