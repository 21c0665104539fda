// `aigis inspect`: what a checkpoint is and what it costs, and with data how its gates spend their layers.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/commands.h"
#include "cli/device.h"
#include "cli/plan_checks.h"
#include "cli/replaceable.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "models/checkpoint.h"
#include "models/parts/gating_options.h"
#include "reports/flags.h"
#include "reports/inspection.h"
#include "reports/schema.h"

namespace aigis {
namespace {

/// Draws of random gates where the user names no number: enough to tell image from noise.
constexpr const char* kDraws = "5";

struct InspectFlags {
  std::vector<std::string> models;
  std::string data, out, device = "cpu";
  int64_t limit = 0, seed = 0, thumbnails = 4;
};

bool names_option(const Spec& spec, const std::string& key) {
  return std::any_of(spec.options.begin(), spec.options.end(), [&](const auto& o) { return o.first == key; });
}

void print_card(const LoadedNetwork& model) {
  const ModelCard& card = model.network->card();
  fmt::print("{}\n  architecture  {}\n  sha256        {}\n  parameters    {}\n", model.id, card.architecture,
             model.sha256, card.parameters);
  fmt::print("  multiply-accumulates  {:.2f} M in full, {:.2f} M always run\n",
             static_cast<double>(card.macs_full()) / 1e6, static_cast<double>(card.macs_always) / 1e6);
  fmt::print("  options       {}\n  gates         {} ({})\n", card.options.dump(), card.gated.size(), card.gate_mode);
  if (model.record.is_object()) {
    fmt::print("  trained on    {}, {} epochs\n  held-out      {}\n", model.record.value("data", "?"),
               model.record.value("epochs", 0), model.record.value("held_out", Json()).dump());
  }
}

/// The gate modes to measure: the one that was asked for, or all that need nothing more than the checkpoint has.
std::vector<Spec> modes_of(const Spec& spec, const LoadedNetwork& model) {
  if (model.network->card().gated.empty() || names_option(spec, "gates")) return {spec};
  std::vector<Spec> modes;
  for (const auto& name : model.network->gate_modes()) {
    const GateMode mode = gate_mode_of(name);
    if (model.network->execution_rates().empty() && needs_rates(mode)) continue;
    modes.push_back(spec);
    modes.back().options.emplace_back("gates", name);
    if (!is_random(mode)) {
      std::erase_if(modes.back().options, [](const auto& option) { return option.first == "draws"; });
    } else if (!names_option(spec, "draws")) {
      modes.back().options.emplace_back("draws", kDraws);
    }
  }
  return modes;
}

InspectedModel inspect_model(const Spec& spec, const LoadedNetwork& model, const Dataset& data, at::Device device,
                             uint64_t seed) {
  InspectedModel inspected{model.id, model.path, model.sha256, model.record, {}};
  for (const auto& mode : modes_of(spec, model)) {
    const LoadedNetwork deciding = load_network(mode, device);
    inspected.modes.push_back({deciding.network->card(), inspect(*deciding.network, data, seed, device)});
  }
  return inspected;
}

/// As a report says it of a model that is evaluated.
void warn_of_other_classes(const LoadedNetwork& model, const Dataset& data) {
  const Json other = other_class_names(model.classes, data.classes);
  if (!other.is_null()) fmt::print("  warning: {}\n", other["message"].get<std::string>());
}

int run(const InspectFlags& flags) {
  const std::string out = follow_links(flags.out);
  if (!out.empty() && flags.data.empty()) throw InputError("--out needs --data: an inspection measures on images");
  for (const auto& [name, value, low] :
       {std::tuple{"limit", flags.limit, 0}, {"seed", flags.seed, 0}, {"thumbnails", flags.thumbnails, 0}}) {
    if (value < low) throw InputError(fmt::format("--{}: {} is too small; expected at least {}", name, value, low));
  }
  const at::Device device = parse_device(flags.device);
  const auto seed = static_cast<uint64_t>(flags.seed);
  std::vector<Spec> specs;
  std::vector<LoadedNetwork> models;
  for (const auto& text : flags.models) {
    specs.push_back(Spec::parse(text));
    if (!is_checkpoint(specs.back())) {
      throw InputError(fmt::format("model '{}': inspect takes checkpoints of aigis; expected the path of one", text));
    }
    models.push_back(load_network(specs.back(), device));
    const auto same = [&](const LoadedNetwork& other) { return other.id == models.back().id; };
    if (std::count_if(models.begin(), models.end(), same) > 1) {
      throw InputError(fmt::format("checkpoint '{}' is given twice", models.back().id));
    }
  }
  Dataset data;
  if (!flags.data.empty()) {
    data = load_dataset(Spec::parse(flags.data), Part::test).first(flags.limit);
    for (const auto& model : models) check_fit(model.id, model.network->card(), data);
    if (!out.empty()) check_replaceable(out, "aigis-inspect", "inspection");
  }
  Json file;
  if (!flags.data.empty()) file = begin_inspection(data, {tool_json(), environment_json(device), flags.data, seed});
  for (size_t i = 0; i < models.size(); ++i) {
    print_card(models[i]);
    if (flags.data.empty()) continue;
    file["models"].push_back(
        model_inspection(inspect_model(specs[i], models[i], data, device, seed), data, flags.thumbnails));
    fmt::print("  on {} {} images of {}:\n{}", data.size(), part_name(data.part), data.name,
               inspection_text(file["models"].back(), file["data"]));
    warn_of_other_classes(models[i], data);
  }
  if (out.empty()) return 0;
  validate_report(file, out);
  write_file(out, file.dump(1) + "\n");
  fmt::print("{}\n", out);
  return 0;
}

}  // namespace

Command inspect_command(CommandLine& line) {
  line.example(
      "aigis inspect models/cifar10-aig-20.safetensors --data cifar10:DIR --out inspect.json\n"
      "  aigis plot inspect.json --out inspect.html");
  auto flags = std::make_shared<InspectFlags>();
  line.texts("checkpoint", flags->models, "checkpoints, with options such as :gates=argmax; without, all modes", true);
  line.text("--data", flags->data,
            "images to measure accuracy and execution rates on; with part=held_out those held out of training");
  line.number("--limit", flags->limit, "use only the first N images; 0 means all");
  line.number("--seed", flags->seed, "of the gates' noise");
  line.number("--thumbnails", flags->thumbnails, "images of each class kept that use the fewest layers, and the most");
  line.text("--device", flags->device, "cpu or cuda");
  line.text("--out", flags->out, "write what was measured to this file, for 'aigis plot'");
  return [flags] { return run(*flags); };
}

}  // namespace aigis
