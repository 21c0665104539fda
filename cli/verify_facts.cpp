// What `aigis verify` holds a report's data, models and list of runs against.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "attacks/list.h"
#include "cli/evaluation.h"
#include "cli/verification.h"
#include "defenses/list.h"
#include "lib/core/error.h"
#include "reports/report_version.h"

namespace aigis {
namespace {

void verify_data(Verification& v) {
  const Json& said = v.report["data"];
  v.expect(said,
           {{"name", v.plan.data.name},
            {"split", part_name(v.plan.data.part)},
            {"count", v.plan.data.size()},
            {"classes", v.plan.data.classes}},
           "/data");
  const Json spec = said.value("spec", Json());
  v.expect(spec, v.report["config"].value("data", Json()), "/data/spec");
  // Other data may hold more than the report's, which they begin with.
  const int64_t all = spec == v.data_spec ? v.available : v.plan.data.size();
  const int64_t limit = v.configured("limit", 0);
  v.expect(said["count"], limit == 0 ? all : std::min(limit, all), "/data/count");
}

/// What the report says of its models is what their checkpoints are.
void verify_models(Verification& v) {
  for (size_t i = 0; i < v.report["models"].size(); ++i) {
    const Json& entry = v.report["models"][i];
    const LoadedModel& loaded = v.models.model(entry["id"]);
    Json found = model_facts(loaded.model->card());
    found["macs"]["expected"] = entry["macs"]["expected"];  // measured: looked at with its runs
    found["checkpoint"] = {{"file", ReportModels::file_of(loaded.id)}, {"sha256", loaded.sha256}};
    v.expect(entry, found, fmt::format("/models/{}", i));
  }
}

std::shared_ptr<const Defense> make_defense(const Json& described) {
  return make_or_none(defense_list(), "defense", Spec::of(described.at("name"), described.at("options")));
}

std::vector<Run> configured_runs(const Json& config, ReportModels& models) {
  std::vector<std::shared_ptr<const Attack>> attacks;
  for (const auto& given : config.at("attack")) {
    attacks.push_back(make_or_none(attack_list(), "attack", Spec::of(given.at("name"), given.at("options"))));
  }
  std::vector<std::shared_ptr<const Defense>> defenses;
  for (const auto& given : config.at("defense")) defenses.push_back(make_defense(given));
  std::vector<Access> accesses;
  for (const auto& given : config.at("access")) {
    accesses.push_back(parse_access(given, [&](const std::string& spec) { return models.surrogate(spec); }));
  }
  return plan_runs(attacks, defenses, accesses, config.value("worst_case", false));  // not known before 1.4
}

/// What every run says of its saved images: all are in the file that the first run names.
Json configured_examples(const Verification& v) {
  if (v.saved == 0) return nullptr;
  Json found{{"count", v.saved}, {"dtype", v.report["config"].value("save_examples_as", Json())}};
  const Json first = v.report["runs"][0].value("examples", Json());
  if (!first.is_null()) found.update({{"file", first["file"]}, {"sha256", first["sha256"]}});
  return found;
}

/// The runs are those that the configuration asks for, in its order.
void verify_runs(Verification& v) {
  const Json& config = v.report["config"];
  const Json& runs = v.report["runs"];
  size_t index = 0;
  try {
    v.plan.runs = configured_runs(config, v.models);
    v.plan.epsilons = config.at("eps").get<std::vector<double>>();
    v.plan.nested = config.value("nested", false);        // not known before 1.2
    v.plan.gate_swap = config.value("gate_swap", false);  // not known before 1.5
    for (const auto& id : config.at("model")) {
      const ModelCard card = v.models.model(id).model->card();
      for (const auto& run : v.plan.runs) {
        for (const double epsilon : v.plan.epsilons) {
          const std::string pointer = fmt::format("/runs/{}", index);
          if (index == runs.size()) {
            throw InputError(fmt::format("{}: {}: is missing, though /config asks for it", v.path, pointer));
          }
          Json found{{"model", id},
                     {"epsilon", epsilon},
                     {"norm", config.at("norm")},
                     {"seed", config.at("seed")},
                     {"count", v.plan.data.size()}};
          if (v.minor_version() >= since::kTargetsUnnested || !run.attack || !run.attack->is_targeted()) {
            found["nested"] = is_nested(v.plan, run, card);
          }
          found.update(run_facts(v.plan.runs, run));
          v.expect(runs[index], found, pointer);
          v.expect(runs[index++].value("examples", Json()), configured_examples(v), pointer + "/examples");
        }
      }
    }
  } catch (const Json::exception&) {
    throw InputError(v.path + ": /config: expected the settings that 'aigis sweep' writes");
  }
  if (index != runs.size()) {
    throw InputError(fmt::format("{}: /runs/{}: /config does not ask for it", v.path, index));
  }
}

}  // namespace

void verify_facts(Verification& verification) {
  verify_data(verification);
  verify_models(verification);
  verify_runs(verification);
}

}  // namespace aigis
