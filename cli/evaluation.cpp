#include "cli/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "attacks/list.h"
#include "cli/device.h"
#include "cli/evaluated_model.h"
#include "cli/examples.h"
#include "cli/plan_checks.h"
#include "defenses/list.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/core/workers.h"
#include "reports/report_text.h"
#include "reports/schema.h"

namespace aigis {
namespace {

std::vector<std::shared_ptr<const Attack>> attacks_of(const Settings& settings, Norm norm) {
  std::vector<std::shared_ptr<const Attack>> attacks;
  for (const auto& text : settings.list("attack")) attacks.push_back(attack_of(text));
  for (const auto& attack : attacks) {
    if (attack) check_norm(*attack, norm);
  }
  return attacks;
}

std::vector<std::shared_ptr<const Defense>> defenses_of(const Settings& settings) {
  std::vector<std::shared_ptr<const Defense>> defenses;
  for (const auto& text : settings.list("defense")) {
    defenses.push_back(make_or_none(defense_list(), "defense", Spec::parse(text)));
  }
  return defenses;
}

ReportedModel reported(const LoadedModel& loaded) {
  return {loaded.id, loaded.path, loaded.sha256, loaded.record, loaded.classes, loaded.model->card()};
}

}  // namespace

Evaluation::Evaluation(const Settings& settings) {
  read_flags(settings);
  const Attacks attacks = attacks_of(settings, plan.norm);
  const Defenses defenses = defenses_of(settings);
  load_data(settings);
  load_models(settings);
  plan.runs = plan_runs(attacks, defenses, accesses_of(settings), settings.truth("worst_case"));
  check_attacks();
  load_training();
  check_examples_fit(plan);
  if (plan.latency) check_latency(plan);
  context.tool = tool_json();
  context.environment = environment_json(plan.device);
  context.config = resolved_config(settings, attacks, defenses);
}

void Evaluation::load_data(const Settings& settings) {
  const int64_t limit = settings.count("limit", 0);
  const Spec data = Spec::parse(settings.text("data"));
  context.data_spec = data.text();
  plan.data = load_dataset(data, Part::test).first(limit);
  plan.batch = std::min(plan.batch, std::max<int64_t>(1, plan.data.size()));
  plan.workers = workers_for(plan.device, (plan.data.size() + plan.batch - 1) / plan.batch);
}

void Evaluation::load_models(const Settings& settings) {
  for (const auto& text : settings.list("model")) {
    const LoadedModel loaded = evaluated_model(Spec::parse(text), plan.data, plan.seed, plan.device);
    const auto same = [&](const ReportedModel& other) { return other.id == loaded.id; };
    if (std::any_of(context.models.begin(), context.models.end(), same)) {
      throw InputError(fmt::format("model '{}' is given twice", text));
    }
    check_fit(loaded.id, loaded.model->card(), plan.data);
    plan.models.push_back(loaded.model);
    plan.names.push_back(loaded.id);
    context.models.push_back(reported(loaded));
  }
}

std::vector<Access> Evaluation::accesses_of(const Settings& settings) {
  std::vector<Access> accesses;
  for (const auto& name : settings.list("access")) {
    const auto same = [&](const Access& other) { return other.name == name; };
    if (std::any_of(accesses.begin(), accesses.end(), same)) {
      throw InputError(fmt::format("access '{}' is given twice", name));
    }
    accesses.push_back(parse_access(name, [&](const std::string& spec) { return add_surrogate(spec); }));
  }
  return accesses;
}

void Evaluation::check_attacks() const {
  for (const Run& run : plan.runs) {
    if (!run.attack) continue;
    for (const auto& model : plan.models) {
      check_attack(*run.attack, (run.access.surrogate ? run.access.surrogate : model)->card());
    }
  }
}

void Evaluation::load_training() {
  const bool needed = std::any_of(plan.runs.begin(), plan.runs.end(),
                                  [](const Run& run) { return run.attack && run.attack->learns_from() > 0; });
  if (!needed) return;
  plan.training = load_dataset(Spec::parse(context.data_spec), Part::train);
  if (plan.training.size() == 0) {
    throw InputError(fmt::format("data '{}' has no training images", context.data_spec));
  }
  for (const auto& model : context.models) check_fit(model.id, model.card, plan.training);
}

std::shared_ptr<Model> Evaluation::add_surrogate(const std::string& spec) {
  const LoadedModel loaded = evaluated_model(Spec::parse(spec), plan.data, plan.seed, plan.device);
  check_fit(loaded.id, loaded.model->card(), plan.data);
  context.surrogates.push_back(reported(loaded));
  context.surrogates.back().id = spec;
  return loaded.model;
}

Json Evaluation::identity() const {
  Json hashes = Json::array();
  for (const auto& surrogate : context.surrogates) hashes.push_back(surrogate.sha256);
  for (const auto& model : context.models) hashes.push_back(model.sha256);
  Json identity{{"config", context.config},         {"version", context.tool["version"]},
                {"commit", context.tool["commit"]}, {"build", context.tool["build"]},
                {"data", plan.data.hash()},         {"models", hashes}};
  if (plan.training.images.defined()) identity["training"] = plan.training.hash();
  return identity;
}

Json Evaluation::run() const {
  Journal journal;
  return run(journal).report;
}

Json Evaluation::run_into(const std::string& out) const {
  Journal journal(out + ".journal", identity());
  if (journal.size() > 0) {
    fmt::print(stderr, "going on with {}: {} {} done\n", out, journal.size(),
               journal.size() == 1 ? "part is" : "parts are");
  }
  try {
    Outcome outcome = run(journal);
    save(outcome, out);
    journal.remove();
    return std::move(outcome.report);
  } catch (...) {
    if (journal.size() == 0) journal.remove();  // else it would stand in the way of the command put right
    throw;
  }
}

Evaluation::Outcome Evaluation::run(Journal& journal) const {
  SweepResult result = run_sweep(plan, journal);
  Json report = make_report(plan, result, run_checks(plan, result, checks, journal), context);
  validate_report(report, "the report");
  return {std::move(result), std::move(report)};
}

void Evaluation::save(Outcome& outcome, const std::string& out) const {
  auto& [result, report] = outcome;
  std::vector<std::string> replaced;
  std::error_code error;
  if (std::filesystem::exists(out, error)) replaced = examples_of(read_report(out));
  if (!result.examples.empty()) save_examples(result, plan, out, report);
  validate_report(report, out);
  write_file(out, report_text(report));
  remove_examples(replaced, report, out);
}

}  // namespace aigis
