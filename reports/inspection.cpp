#include "reports/inspection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/core/base64.h"
#include "lib/data/thumbnail.h"
#include "reports/cost_facts.h"
#include "reports/gate_facts.h"
#include "reports/report.h"
#include "reports/report_version.h"

namespace aigis {
namespace {

/// {mean, deviation} of the number of gated layers that run in one pass.
Json executed_layers(const PassTally& pass) {
  double passes = 0, sum = 0, squares = 0;
  for (size_t ran = 0; ran < pass.histogram.size(); ++ran) {
    const auto n = static_cast<double>(pass.histogram[ran]), layers = static_cast<double>(ran);
    passes += n;
    sum += n * layers;
    squares += n * layers * layers;
  }
  if (passes == 0) return nullptr;
  const double mean = sum / passes;
  return {{"mean", mean}, {"deviation", std::sqrt(std::max(squares / passes - mean * mean, 0.0))}};
}

Json mode_json(const InspectedMode& mode) {
  const PassTally& pass = mode.inspection.pass;
  return {{"mode", mode.card.gate_mode},
          {"draws", mode.card.draws},
          {"accuracy", pass.accuracy.to_json()},
          {"top5", pass.top5.to_json()},
          {"macs", executed_macs(mode.card, pass)},
          {"executed_layers", executed_layers(pass)}};
}

Json adaptivity_json(const std::vector<ImageShare>& layers) {
  Json list = Json::array();
  for (const auto& layer : layers) {
    const auto value = layer.value();
    const auto interval = layer.interval();
    list.push_back(
        {{"share", value ? Json(*value) : Json()}, {"ci95", interval ? Json{interval->low, interval->high} : Json()}});
  }
  return list;
}

Json pictures(const std::vector<int64_t>& positions, const Inspection& inspection, const Dataset& data) {
  Json list = Json::array();
  const int64_t* ids = data.ids.const_data_ptr<int64_t>();
  for (const int64_t i : positions) {
    list.push_back({{"id", ids[i]},
                    {"layers", inspection.executed[static_cast<size_t>(i)]},
                    {"jpeg", base64(thumbnail(data.images[i]))}});
  }
  return list;
}

Json execution_json(const InspectedMode& mode, const Dataset& data, int64_t thumbnails) {
  if (mode.card.gated.empty()) return nullptr;
  Json json{{"mode", mode.card.gate_mode}, {"draws", mode.card.draws}};
  json.update(gate_rates(mode.card, mode.inspection.pass));
  json["histogram"] = mode.inspection.pass.histogram;
  json["adaptivity"] = adaptivity_json(mode.inspection.adaptivity);
  json["extremes"] = Json::array();
  for (int64_t k = 0; k < mode.card.classes; ++k) {
    const Extremes ends = extremes(mode.inspection, data, k, thumbnails);
    json["extremes"].push_back({{"fewest", pictures(ends.fewest, mode.inspection, data)},
                                {"most", pictures(ends.most, mode.inspection, data)}});
  }
  return json;
}

std::string shown(const Json& share) {
  if (share["value"].is_null()) return "-";
  return fmt::format("{:.2f} [{:.2f}, {:.2f}]", 100 * share["value"].get<double>(),
                     100 * share["ci95"][0].get<double>(), 100 * share["ci95"][1].get<double>());
}

std::string rates_text(const Json& model, const Json& classes) {
  const Json& execution = model["execution"];
  std::string text = fmt::format("  {:<14}", execution["mode"].get<std::string>());
  for (const auto& layer : model["gates"]["layers"]) text += fmt::format(" {:>9}", layer["name"].get<std::string>());
  const auto row = [&](const std::string& name, const Json& values) {
    text += fmt::format("\n  {:<14}", name);
    for (const auto& value : values) {
      text += value.is_null() ? fmt::format(" {:>9}", "-") : fmt::format(" {:>9.3f}", value.get<double>());
    }
  };
  for (size_t k = 0; k < classes.size(); ++k) {
    if (!execution["per_class"][k].is_null()) row(classes[k], execution["per_class"][k]);
  }
  row("all", execution["per_layer"]);
  Json shares = Json::array();
  for (const auto& layer : execution["adaptivity"]) shares.push_back(layer["share"]);
  if (!shares.empty()) row("adaptivity", shares);
  return text + "\n";
}

}  // namespace

Json begin_inspection(const Dataset& data, const InspectionContext& context) {
  return {{"schema", "aigis-inspect"},
          {"version", kInspectVersion.text()},
          {"tool", context.tool},
          {"environment", context.environment},
          {"config", {{"seed", context.seed}}},
          {"data",
           {{"name", data.name},
            {"split", part_name(data.part)},
            {"count", data.size()},
            {"classes", data.classes},
            {"sha256", data.hash()},
            {"spec", context.data_spec}}},
          {"models", Json::array()}};
}

Json model_inspection(const InspectedModel& model, const Dataset& data, int64_t thumbnails) {
  const InspectedMode& first = model.modes.front();
  Json json{{"id", model.id}, {"checkpoint", {{"file", model.file}, {"sha256", model.sha256}}}};
  json.update(model_facts(first.card));
  json["training"] = model.record;
  json["modes"] = Json::array();
  for (const auto& mode : model.modes) json["modes"].push_back(mode_json(mode));
  json["execution"] = execution_json(first, data, thumbnails);
  return json;
}

std::string inspection_text(const Json& model, const Json& data) {
  std::string text = fmt::format("  {:<14} {:>5}  {:>21}  {:>21}  {:>8}  {}\n", "gates", "draws", "accuracy [95 %]",
                                 "top 5 [95 %]", "M MACs", "layers run");
  for (const auto& mode : model["modes"]) {
    std::string layers = "-";
    if (const Json& executed = mode["executed_layers"]; !executed.is_null()) {
      layers = fmt::format("{:.2f} of {}, deviation {:.2f}", executed["mean"].get<double>(),
                           model["gates"]["count"].get<int64_t>(), executed["deviation"].get<double>());
    }
    text += fmt::format("  {:<14} {:>5}  {:>21}  {:>21}  {:>8.2f}  {}\n", mode["mode"].get<std::string>(),
                        mode["draws"].get<int64_t>(), shown(mode["accuracy"]), shown(mode["top5"]),
                        mode["macs"].get<double>() / 1e6, layers);
  }
  if (!model["execution"].is_null()) text += rates_text(model, data["classes"]);
  return text;
}

}  // namespace aigis
