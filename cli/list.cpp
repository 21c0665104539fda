// `aigis list`: what exists, with every option's default, range, unit and source.
#include "attacks/list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "checks/list.h"
#include "cli/commands.h"
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

void print_option(const Json& option) {
  const std::string unit = option["unit"], condition = option["only_with"];
  fmt::print("  {} = {}  [{}{}]  {}{}\n", option["name"].get<std::string>(), text_of(option["default"]),
             option["range"].get<std::string>(), unit.empty() ? "" : ", " + unit, option["help"].get<std::string>(),
             condition.empty() ? "" : fmt::format(" (with {})", condition));
}

/// Options that many entries share, each with the default that most of them have.
class SharedOptions {
 public:
  explicit SharedOptions(const Json& list) {
    std::map<std::string, std::map<std::string, int>> defaults;
    for (const auto& row : list) {
      for (const auto& option : row["options"]) ++defaults[key(option)][option["default"].dump()];
    }
    for (const auto& row : list) {
      for (const auto& option : row["options"]) {
        const auto& counts = defaults[key(option)];
        int entries = 0;
        auto most = counts.begin();
        for (auto it = counts.begin(); it != counts.end(); ++it) {
          entries += it->second;
          if (it->second > most->second) most = it;
        }
        if (entries < kShared || contains(option)) continue;
        options_.push_back(option);
        options_.back()["default"] = Json::parse(most->first);
      }
    }
  }
  bool contains(const Json& option) const { return find(option) != nullptr; }
  bool has_usual_default(const Json& option) const { return (*find(option))["default"] == option["default"]; }
  const std::vector<Json>& list() const { return options_; }

 private:
  static constexpr int kShared = 5;
  static std::string key(const Json& option) {
    return fmt::format("{}|{}|{}", text_of(option["name"]), text_of(option["range"]), text_of(option["help"]));
  }
  const Json* find(const Json& option) const {
    const auto found =
        std::find_if(options_.begin(), options_.end(), [&](const Json& o) { return key(o) == key(option); });
    return found == options_.end() ? nullptr : &*found;
  }

  std::vector<Json> options_;
};

/// An entry's own options, and in one line how its shared ones differ from what is usual.
void print_options(const Json& row, const SharedOptions& shared) {
  std::vector<std::string> differing;
  for (const auto& option : row["options"]) {
    if (!shared.contains(option)) {
      print_option(option);
    } else if (!shared.has_usual_default(option)) {
      differing.push_back(fmt::format("{} = {}", text_of(option["name"]), text_of(option["default"])));
    }
  }
  if (!differing.empty()) fmt::print("  shared options with defaults of its own: {}\n", join(differing, ", "));
}

void print_rows(const Json& list) {
  const SharedOptions shared(list);
  for (const auto& row : list) {
    fmt::print("{}: {} ({})\n", row["name"].get<std::string>(), row["summary"].get<std::string>(),
               row["source"].get<std::string>());
    if (row.contains("norms")) {
      fmt::print("  norms {}; {}\n", fmt::join(row["norms"].get<std::vector<std::string>>(), ", "),
                 row["access"].get<std::string>());
    }
    if (row.contains("level")) {
      fmt::print("  level {}{}\n", row["level"].get<std::string>(),
                 row["level"] == "any" ? " (off, too), where the runs have what it looks at" : "");
    }
    if (row.contains("depths")) fmt::print("  depths {}\n", row["depths"].get<std::string>());
    if (row.contains("sizes")) {
      for (const auto& size : row["sizes"]) {
        fmt::print("  {:<22} {:>11} parameters, {:>9.1f} M multiply-accumulates, {} images, {} classes\n",
                   size["name"].get<std::string>(), size["parameters"].get<int64_t>(), size["macs"].get<double>() / 1e6,
                   fmt::join(size["input"].get<std::vector<int64_t>>(), "x"), size["classes"].get<int64_t>());
      }
    }
    print_options(row, shared);
  }
  if (!shared.list().empty()) fmt::print("shared options, each of several of the above:\n");
  for (const auto& option : shared.list()) print_option(option);
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
