#include "reports/schema.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/core/text.h"
#include "reports/consistency.h"
#include "reports/report_version.h"

namespace aigis {

extern const char* const kInspectSchema;
extern const char* const kReportSchema;
extern const char* const kTrainSchema;

namespace {

// valijson's adapter knows nlohmann::json, whose keys are sorted; only names and values matter here.
using Sorted = nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

struct KnownSchema {
  const char* text;
  int64_t major;
};

/// What a file's "schema" may say.
const std::map<std::string, KnownSchema>& known_schemas() {
  static const std::map<std::string, KnownSchema> list{{"aigis-inspect", {kInspectSchema, kInspectVersion.major}},
                                                       {"aigis-report", {kReportSchema, kReportVersion.major}},
                                                       {"aigis-train", {kTrainSchema, kTrainVersion.major}}};
  return list;
}

const KnownSchema& schema_of(const Json& report, const std::string& path) {
  std::vector<std::string> names;
  for (const auto& [name, schema] : known_schemas()) names.push_back(name);
  const std::string expected = fmt::format("expected \"schema\": one of {}", join(names, ", "));
  if (!report.is_object() || !report.contains("schema") || !report["schema"].is_string()) {
    throw InputError(fmt::format("{}: not a file of aigis; {}", path, expected));
  }
  const auto known = known_schemas().find(report["schema"].get<std::string>());
  if (known == known_schemas().end()) {
    throw InputError(fmt::format("{}: /schema: {} is unknown; {}", path, report["schema"].dump(), expected));
  }
  if (!report.contains("version") || !report["version"].is_string()) {
    throw InputError(fmt::format("{}: /version: expected text such as \"{}.0\"", path, known->second.major));
  }
  const std::string version = report["version"].get<std::string>();
  if (version.substr(0, version.find('.')) != std::to_string(known->second.major)) {
    throw InputError(fmt::format("{}: /version: '{}' is of another major version; this program reads {}.x", path,
                                 version, known->second.major));
  }
  return known->second;
}

/// Replaces a reference into the same schema by what it refers to.
const Sorted* resolved(const Sorted& schema, const Sorted* node) {
  while (node && node->contains("$ref")) {
    node = &schema.at(Sorted::json_pointer((*node)["$ref"].get<std::string>().substr(1)));
  }
  return node;
}

/// The part of the schema that governs a value, found by walking down the value's path; null where none does.
const Sorted* governing(const Sorted& schema, const std::vector<std::string>& keys) {
  const Sorted* node = &schema;
  for (const auto& key : keys) {
    node = resolved(schema, node);
    if (node->contains("properties") && (*node)["properties"].contains(key)) {
      node = &(*node)["properties"][key];
    } else if (node->contains("items")) {
      node = &(*node)["items"];
    } else if (node->contains("additionalProperties") && (*node)["additionalProperties"].is_object()) {
      node = &(*node)["additionalProperties"];
    } else {
      return nullptr;
    }
  }
  return resolved(schema, node);
}

/// "number from 0 to 1, or null", "one of \"linf\", \"l2\"", "text that matches ^[0-9a-f]{64}$".
std::string expectation(const Sorted& schema, const Sorted& node) {
  for (const char* either : {"anyOf", "oneOf"}) {
    if (!node.contains(either)) continue;
    std::vector<std::string> choices;
    for (const auto& choice : node[either]) choices.push_back(expectation(schema, *resolved(schema, &choice)));
    return join(choices, " or ");
  }
  if (node.value("type", Sorted()) == Sorted("null")) return "null";
  if (node.contains("const")) return node["const"].dump();
  if (node.contains("enum")) {
    std::vector<std::string> words;
    for (const auto& word : node["enum"]) words.push_back(word.dump());
    return "one of " + join(words, ", ");
  }
  std::vector<std::string> types;
  if (node.contains("type") && node["type"].is_array()) types = node["type"].get<std::vector<std::string>>();
  if (node.contains("type") && node["type"].is_string()) types = {node["type"].get<std::string>()};
  const bool nullable = std::erase(types, "null") > 0;
  std::string text = join(types, " or ");
  if (node.contains("pattern")) text += " that matches " + node["pattern"].get<std::string>();
  if (node.contains("minLength")) text += " that is not empty";
  if (node.contains("minimum") && node.contains("maximum")) {
    text += fmt::format(" from {} to {}", node["minimum"].dump(), node["maximum"].dump());
  } else if (node.contains("minimum")) {
    text += fmt::format(", at least {}", node["minimum"].dump());
  }
  if (node.contains("minItems")) text += fmt::format(" of {} items", node["minItems"].dump());
  return nullable ? text + ", or null" : text;
}

std::string shortened(std::string text) {
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

/// A missing or a surplus key is named; anything else is told as what was expected and what is there.
std::string complaint(const Sorted& schema, const Sorted& report, const valijson::ValidationResults::Error& error) {
  std::vector<std::string> keys;
  Sorted::json_pointer pointer;
  for (size_t i = 1; i < error.context.size(); ++i) {  // the first is "<root>"
    keys.push_back(error.context[i].substr(1, error.context[i].size() - 2));
    if (report.at(pointer).is_array()) pointer.push_back(keys.back());
    else pointer /= keys.back();
  }
  const Sorted& value = report.at(pointer);
  const Sorted* node = governing(schema, keys);
  const std::string where = keys.empty() ? "the whole file" : pointer.to_string();
  if (node && value.is_object() && node->value("type", Sorted()).dump().find("object") != std::string::npos) {
    for (const auto& key : node->value("required", Sorted::array())) {
      if (!value.contains(key)) return fmt::format("{}: key {} is missing", where, key.dump());
    }
    if (node->contains("properties") && node->value("additionalProperties", Sorted()) == Sorted(false)) {
      std::vector<std::string> known;
      for (const auto& [key, unused] : (*node)["properties"].items()) known.push_back(key);
      for (const auto& [key, unused] : value.items()) {
        if (!(*node)["properties"].contains(key)) {
          return fmt::format("{}: {}", where, unknown_name("key", key, known));
        }
      }
    }
  }
  return fmt::format("{}: expected {}, got {}", where, node ? expectation(schema, *node) : error.description,
                     shortened(value.dump(-1, ' ', false, Sorted::error_handler_t::replace)));
}

}  // namespace

void validate_report(const Json& report, const std::string& path) {
  const Sorted schema = Sorted::parse(schema_of(report, path).text);
  const Sorted sorted = report;
  valijson::Schema compiled;
  valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(Adapter(schema), compiled);
  // Without a list of errors valijson stops at the first; it is run again for the list only where there is one.
  if (!valijson::Validator().validate(compiled, Adapter(sorted), nullptr)) {
    valijson::ValidationResults results;
    valijson::Validator().validate(compiled, Adapter(sorted), &results);
    throw InputError(fmt::format("{}: {}", path, complaint(schema, sorted, *results.begin())));
  }
  check_consistency(report, path);
}

Json parse_report(std::string_view text, const std::string& path) {
  const Json report = parse_json(text, path);
  validate_report(report, path);
  return report;
}

Json read_report(const std::string& path) { return parse_report(read_file(path), path); }

}  // namespace aigis
