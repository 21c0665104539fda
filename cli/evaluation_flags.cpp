// The flags of an evaluation: declared, read, and told by its report.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/budgets.h"
#include "cli/device.h"
#include "cli/evaluation.h"
#include "cli/examples.h"
#include "lib/core/error.h"

namespace aigis {
namespace {

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

}  // namespace

void declare_evaluation(Settings& settings, const std::string& default_epsilons) {
  settings.config();
  settings.many("model", {}, "checkpoint with options: models/aig-20.safetensors:gates=argmax",
                Settings::Holds::model_spec);
  settings.many("attack", {"fgsm"}, "attack with options, or none");
  settings.many("defense", {"none"}, "defense with options, such as jpeg:quality=75, or none");
  settings.many("access", {kWhiteBox}, "white-box, grey-box, or transfer:MODEL for images made against another model",
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
  settings.one("checks", "basic",
               "of the evaluation itself (aigis list checks): basic, those that cost next to nothing; full, attacks "
               "made for them on a sample, too; or off");
  settings.one("save_examples", "0", "keep the first N adversarial images of every run beside the report");
  settings.one(
      "save_examples_as", "float32",
      "float32, or uint8: rounded to 8 bits, a quarter of the size; of these verify judges the accuracy in 8 bits");
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

}  // namespace aigis
