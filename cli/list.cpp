// `aigis list`: what exists, with every option's default, range, unit and source.
#include "attacks/list.h"

#include <fmt/format.h>

#include <memory>

#include "checks/list.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "defenses/list.h"
#include "lib/core/error.h"
#include "lib/core/text.h"
#include "lib/data/dataset.h"
#include "models/list.h"
#include "reports/flag_checks.h"

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
      NetworkShape shape = standard_shape(family, depth);
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

/// Attacks with the norms that they know, and what they ask of a model.
Json attack_rows() {
  Json list = rows(attack_list());
  for (size_t i = 0; i < list.size(); ++i) {
    const auto attack = attack_list()[i].make(Spec{attack_list()[i].name, "", {}});
    for (const Norm norm : attack->norms()) list[i]["norms"].push_back(norm_name(norm));
    list[i]["access"] = attack->sees_gradients() ? "gradients (white box)" : "answers alone (black box)";
  }
  return list;
}

/// Checks, with the level from which on they are made: at any those that flags tell of.
Json check_rows() {
  Json list = Json::array();
  const auto add = [&](const auto& check, const char* level) {
    list.push_back({{"name", check.name},
                    {"summary", check.summary},
                    {"source", check.source},
                    {"options", Json::array()},
                    {"level", level}});
  };
  for (const FlagCheck& check : flag_checks()) add(check, "any");
  for (const Check& check : check_list()) add(check, check.level == CheckLevel::basic ? "basic" : "full");
  return list;
}

Json rows_of(const std::string& kind) {
  if (kind == "attacks") return attack_rows();
  if (kind == "defenses") return rows(defense_list());
  if (kind == "datasets") return rows(dataset_list());
  if (kind == "models") return model_rows();
  if (kind == "checks") return check_rows();
  throw InputError(unknown_name("list", kind, {"models", "attacks", "defenses", "datasets", "checks"}));
}

/// The entry of this name alone, or the one that has a size of this name with that size; all without a name.
Json named(const Json& list, const std::string& name) {
  if (name.empty()) return list;
  std::vector<std::string> names;
  for (const auto& row : list) {
    if (row["name"] == name) return Json::array({row});
    names.push_back(row["name"]);
    for (const auto& size : row.value("sizes", Json::array())) {
      if (size["name"] == name) {
        Json sized = row;
        sized["sizes"] = Json::array({size});
        return Json::array({std::move(sized)});
      }
      names.push_back(size["name"]);
    }
  }
  throw InputError(unknown_name("name", name, names));
}

}  // namespace

Command list_command(CommandLine& line) {
  line.example("aigis list attacks pgd");
  auto kind = std::make_shared<std::string>(), name = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  line.text("kind", *kind, "models, attacks, defenses, datasets or checks", true);
  line.text("name", *name, "one of them, with every option that it has; without it all, and what many share once");
  line.flag("--json", *json, "print JSON");
  return [kind, name, json] {
    const Json list = named(rows_of(*kind), *name);
    if (*json) fmt::print("{}\n", list.dump(1));
    else print_rows(list);
    return 0;
  };
}

}  // namespace aigis
