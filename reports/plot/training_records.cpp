#include "reports/plot/training_records.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

/// What runs share that differ in nothing but their seeds.
std::string recipe_of(const Json& file) {
  Json config = at(file, {"config"});
  if (config.is_object()) {
    for (const char* free : {"seed", "cuda_graph"}) config.erase(free);
  }
  return config.dump();
}

}  // namespace

std::vector<Record> records_of(const std::vector<Json>& files) {
  std::vector<Record> records;
  std::map<std::string, std::set<std::string>> seeds, recipes;
  std::map<std::string, size_t> counts;
  const auto seed = [](const Json& file) { return text_at(file, {"config", "seed"}); };
  for (const auto& file : files) {
    if (text_at(file, {"schema"}) != "aigis-train") continue;
    records.push_back({text_at(file, {"model", "architecture"}), &file});
    seeds[records.back().label].insert(seed(file));
    recipes[records.back().label].insert(recipe_of(file));
    ++counts[records.back().label];
  }
  for (size_t i = 0; i < records.size(); ++i) {
    const std::string architecture = records[i].label;
    if (counts[architecture] > 1) {
      const bool by_seed = recipes[architecture].size() == 1 && seeds[architecture].size() == counts[architecture];
      records[i].label += by_seed ? " seed=" + seed(*records[i].json) : fmt::format(" ({})", i + 1);
    }
    if (at(*records[i].json, {"config", "init_sha256"}).is_string()) records[i].label += " from --init";
  }
  return records;
}

const Json& curve_of(const Record& record) {
  static const Json none = Json::array();
  const Json& curve = at(*record.json, {"curve"});
  return curve.is_array() ? curve : none;
}

}  // namespace aigis::plotting
