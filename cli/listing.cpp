#include "cli/listing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "lib/core/text.h"

namespace aigis {
namespace {

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

}  // namespace

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

}  // namespace aigis
