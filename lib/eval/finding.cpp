#include "lib/eval/finding.h"

#include <array>

namespace aigis {
namespace {

constexpr std::array<const char*, 4> kLevels{"passed", "undecided", "warning", "error"};

}  // namespace

const char* Finding::level_name(Level level) { return kLevels.at(static_cast<size_t>(level)); }

Json Finding::to_json() const {
  return {{"check", check},
          {"level", static_cast<int>(level)},
          {"message", message},
          {"numbers", numbers},
          {"count", count},
          {"smallest_effect", smallest_effect ? Json(*smallest_effect) : Json()},
          {"of", of}};
}

Finding Finding::from_json(const Json& json) {
  Finding finding;
  finding.check = json.at("check");
  finding.level = static_cast<Level>(json.at("level").get<int>());
  finding.message = json.at("message");
  finding.numbers = json.at("numbers");
  finding.count = json.at("count");
  if (json.at("smallest_effect").is_number()) finding.smallest_effect = json.at("smallest_effect").get<double>();
  finding.of = json.at("of").get<std::vector<std::pair<size_t, size_t>>>();
  return finding;
}

}  // namespace aigis
