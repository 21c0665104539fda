// `aigis list`: what exists, with every option's default, range, unit and source.
#include "attacks/list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands.h"
#include "defenses/list.h"
#include "lib/core/error.h"
#include "lib/core/text.h"
#include "lib/data/dataset.h"
#include "models/list.h"

namespace aigis {
namespace {

template <class Entries>
Json rows(const Entries& entries) {
  Json list = Json::array();
  for (const auto& entry : entries) {
    list.push_back(
        {{"name", entry.name}, {"summary", entry.summary}, {"source", entry.source}, {"options", entry.options()}});
  }
  return list;
}

/// Families with the sizes of their best-known members, for the images that these were made for.
Json model_rows() {
  Json list = rows(model_list());
  for (size_t i = 0; i < list.size(); ++i) {
    const ModelFamily& family = model_list()[i];
    list[i]["depths"] = family.depths;
    for (const int64_t depth : family.members) {
      NetworkShape shape = standard_shape(family.name, depth);
      shape.is_drawn = false;
      const auto network = make_network(Spec::parse(fmt::format("{}-{}", family.name, depth)), shape);
      const ModelCard& card = network->card();
      list[i]["sizes"].push_back({{"name", card.architecture},
                                  {"input", card.input},
                                  {"classes", card.classes},
                                  {"parameters", card.parameters},
                                  {"macs", card.macs_full()}});
    }
  }
  return list;
}

Json rows_of(const std::string& kind) {
  if (kind == "attacks") return rows(attack_list());
  if (kind == "defenses") return rows(defense_list());
  if (kind == "datasets") return rows(dataset_list());
  if (kind == "models") return model_rows();
  throw InputError(unknown_name("list", kind, {"models", "attacks", "defenses", "datasets"}));
}

void print_rows(const Json& list) {
  for (const auto& row : list) {
    fmt::print("{}: {} ({})\n", row["name"].get<std::string>(), row["summary"].get<std::string>(),
               row["source"].get<std::string>());
    if (row.contains("depths")) fmt::print("  depths {}\n", row["depths"].get<std::string>());
    if (row.contains("sizes")) {
      for (const auto& size : row["sizes"]) {
        fmt::print("  {:<22} {:>11} parameters, {:>9.1f} M multiply-accumulates, {} images, {} classes\n",
                   size["name"].get<std::string>(), size["parameters"].get<int64_t>(), size["macs"].get<double>() / 1e6,
                   fmt::join(size["input"].get<std::vector<int64_t>>(), "x"), size["classes"].get<int64_t>());
      }
    }
    for (const auto& option : row["options"]) {
      const std::string unit = option["unit"].get<std::string>();
      fmt::print("  {} = {}  [{}{}]  {}\n", option["name"].get<std::string>(),
                 option["default"].is_string() ? option["default"].get<std::string>() : option["default"].dump(),
                 option["range"].get<std::string>(), unit.empty() ? "" : ", " + unit,
                 option["help"].get<std::string>());
    }
  }
}

}  // namespace

Command list_command(CommandLine& line) {
  line.example("aigis list attacks");
  auto kind = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  line.text("kind", *kind, "models, attacks, defenses or datasets", true);
  line.flag("--json", *json, "print JSON");
  return [kind, json] {
    const Json list = rows_of(*kind);
    if (*json) fmt::print("{}\n", list.dump(1));
    else print_rows(list);
    return 0;
  };
}

}  // namespace aigis
