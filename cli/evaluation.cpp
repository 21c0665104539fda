#include "cli/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "attacks/list.h"
#include "cli/budgets.h"
#include "cli/device.h"
#include "cli/evaluated_model.h"
#include "cli/examples.h"
#include "cli/plan_checks.h"
#include "defenses/list.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/core/text.h"
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

/// Names and options for the resolved config. Throws InputError if two are the same: their runs would be, too.
template <class T>
Json described(const std::vector<std::shared_ptr<const T>>& things, const std::string& kind) {
  Json list = Json::array();
  for (const auto& thing : things) {
    Json entry{{"name", thing ? thing->name() : "none"}, {"options", thing ? thing->options() : Json::object()}};
    if (std::find(list.begin(), list.end(), entry) != list.end()) {
      throw InputError(
          fmt::format("{} '{}' is given twice with the same options", kind, entry["name"].get<std::string>()));
    }
    list.push_back(std::move(entry));
  }
  return list;
}

ReportedModel reported(const LoadedModel& loaded) {
  return {loaded.id, loaded.path, loaded.sha256, loaded.record, loaded.classes, loaded.model->card()};
}

}  // namespace

void declare_evaluation(Settings& settings, const std::string& default_epsilons) {
  settings.config();
  settings.many("model", {}, "checkpoint with options: models/aig-20.safetensors:gates=argmax",
                Settings::Holds::model_spec);
  settings.many("attack", {"fgsm"}, "attack with options, or none");
  settings.many("defense", {"none"}, "defense with options, such as jpeg:quality=75, or none");
  settings.many("access", {"white-box"}, "white-box, grey-box, or transfer:MODEL for images made against another model",
                Settings::Holds::access, ',');
  settings.many("eps", {default_epsilons}, "budgets in pixel units of [0, 1]: 0,4/255,8/255", Settings::Holds::text,
                ',');
  settings.one("norm", "linf", "norm of the budget: linf, l2, l1 or l0");
  settings.one("data", "synthetic",
               "images to judge, such as cifar10:DIR; the test part, or with part=held_out the held-out one",
               Settings::Holds::data_spec);
  settings.one("limit", "0", "evaluate only the first N images; 0 means all");
  settings.one("batch", "0", "images evaluated together; 0: 100 on a CPU, whose cache they fit, and 1000 on a GPU");
  settings.one("seed", "0", "of gate noise and of the attacks' draws");
  settings.one("device", "cpu", "cpu or cuda");
  settings.one(
      "nested", "false",
      "true: an image broken within one budget counts as broken within larger ones, and is not attacked again "
      "unless rounding to 8 bits mends it; for attacks that any wrong answer will do, on gates that do not draw");
  settings.one("worst_case", "false",
               "true: for each defense and access also the worst case over all attacks, image by image");
  settings.one("gate_swap", "false",
               "true: gated models also judge clean and adversarial images along each other's gates");
  settings.one(
      "latency", "false",
      "true: gated models' passes over clean and adversarial images are timed, in turns; they need execution=skip");
  settings.one("checks", "basic", "of the evaluation itself (aigis list checks): basic, full or off");
  settings.one("save_examples", "0", "keep the first N adversarial images of every run beside the report");
  settings.one(
      "save_examples_as", "float32",
      "float32, or uint8: rounded to 8 bits, a quarter of the size; of these verify judges the accuracy in 8 bits");
}

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

void Evaluation::read_flags(const Settings& settings) {
  plan.device = parse_device(settings.text("device"));
  plan.norm = parse_norm(settings.text("norm"));
  plan.epsilons = read_epsilons(settings, plan.norm);
  plan.batch = settings.count("batch", 0);
  if (plan.batch == 0) plan.batch = plan.device.is_cpu() ? 100 : 1000;
  plan.seed = static_cast<uint64_t>(settings.count("seed", 0));
  plan.examples = settings.count("save_examples", 0);
  plan.examples_as = parse_examples_form(settings.text("save_examples_as"));
  if (plan.examples == 0 && !settings.is_default("save_examples_as")) {
    throw InputError("--save-examples-as: no images are saved; expected --save-examples N beside it");
  }
  plan.nested = settings.truth("nested");
  plan.gate_swap = settings.truth("gate_swap");
  plan.latency = settings.truth("latency");
  checks = parse_check_level(settings.text("checks"));
  if (settings.list("model").empty()) {
    throw InputError("no model is given; add --model FILE.safetensors or a config that names one");
  }
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
    context.models.push_back(reported(loaded));
  }
}

std::vector<Access> Evaluation::accesses_of(const Settings& settings) {
  std::vector<Access> accesses;
  for (const auto& name : settings.list("access")) {
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

Json Evaluation::resolved_config(const Settings& settings, const Attacks& attacks, const Defenses& defenses) const {
  Json ids = Json::array();
  for (const auto& model : context.models) ids.push_back(model.id);
  return {{"model", ids},
          {"attack", described(attacks, "attack")},
          {"defense", described(defenses, "defense")},
          {"access", settings.list("access")},
          {"eps", plan.epsilons},
          {"norm", norm_name(plan.norm)},
          {"data", context.data_spec},
          {"limit", settings.count("limit", 0)},
          {"batch", plan.batch},
          {"seed", plan.seed},
          {"device", settings.text("device")},
          {"nested", plan.nested},
          {"worst_case", settings.truth("worst_case")},
          {"gate_swap", plan.gate_swap},
          {"latency", plan.latency},
          {"checks", settings.text("checks")},
          {"save_examples", plan.examples},
          {"save_examples_as", examples_form_name(plan.examples_as)}};
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

Json Evaluation::run(Journal& journal, const std::string& out) const {
  const SweepResult result = run_sweep(plan, journal);
  Json report = make_report(plan, result, run_checks(plan, result, checks, journal), context);
  std::vector<std::string> replaced;
  if (!out.empty()) {
    std::error_code error;
    if (std::filesystem::exists(out, error)) replaced = examples_of(read_report(out));
    if (!result.examples.empty()) save_examples(result, plan, out, report);
  }
  validate_report(report, out.empty() ? "the report" : out);
  if (out.empty()) return report;
  write_file(out, report_text(report));
  remove_examples(replaced, report, out);
  return report;
}

}  // namespace aigis
