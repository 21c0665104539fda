#include "reports/consistency.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "reports/across_runs.h"
#include "reports/report_check.h"

namespace aigis {
namespace {

double total(const Json& numbers) {
  double sum = 0;
  for (const auto& number : numbers) sum += number.get<double>();
  return sum;
}

/// Tables by class; intervals are missing in files of earlier versions.
void check_classes(const ReportCheck& check, const Json& rates, size_t layers, size_t classes,
                   const std::string& pointer) {
  for (const std::string key : {"per_class", "per_class_ci95"}) {
    if (!rates.contains(key)) continue;
    const std::string at = pointer + "/" + key;
    check.size(rates[key], classes, at, "classes of the data");
    for (size_t k = 0; k < classes; ++k) {
      const Json& row = rates[key][k];
      if (!row.is_null()) check.size(row, layers, fmt::format("{}/{}", at, k), "gated layers of the model");
    }
  }
}

/// Passes by the layers that ran, of which `rates` holds the shares.
void check_histogram(const ReportCheck& check, const Json& histogram, const Json& rates, double passes,
                     const std::string& pointer) {
  check.size(histogram, rates.size() + 1, pointer, "0 to all gated layers");
  check.hold(total(histogram) == passes, pointer,
             fmt::format("expected {} passes, as many as images times draws, got {}", passes, total(histogram)));
  double ran = 0;
  for (size_t layers = 0; layers < histogram.size(); ++layers) {
    ran += static_cast<double>(layers) * histogram[layers].get<double>();
  }
  check.hold(std::abs(ran - total(rates) * passes) <= 1e-6 * (1 + ran), pointer,
             fmt::format("expected {} executed layers, as per_layer has them, got {}", total(rates) * passes, ran));
}

void check_gates(const ReportCheck& check, const Json& run, size_t layers, size_t classes, const std::string& pointer) {
  const Json& gates = run["gates"];
  const double passes = run["count"].get<double>() * run["accuracy"]["draws"].get<double>();
  for (const char* when : {"before", "after"}) {
    const std::string at = fmt::format("{}/{}", pointer, when);
    check.size(gates[when]["per_layer"], layers, at + "/per_layer", "gated layers of the model");
    const double mean = gates[when]["mean"], sum = total(gates[when]["per_layer"]);
    check.hold(std::abs(mean * static_cast<double>(layers) - sum) <= 1e-6 * static_cast<double>(layers), at + "/mean",
               fmt::format("expected the mean of per_layer, {}, got {}", sum / static_cast<double>(layers), mean));
    check_classes(check, gates[when], layers, classes, at);
    check_histogram(check, gates["executed_layers_histogram"][when], gates[when]["per_layer"], passes,
                    fmt::format("{}/executed_layers_histogram/{}", pointer, when));
  }
}

void check_accuracy(const ReportCheck& check, const Json& run, const std::string& pointer) {
  const Json& accuracy = run["accuracy"];
  for (const auto& [name, share] : accuracy.items()) {
    if (!share.is_object()) continue;  // convention and draws
    const std::string at = fmt::format("{}/accuracy/{}", pointer, name);
    check.proportion(share, at, accuracy["draws"]);
    const bool may_be_fewer = name == "on_target";  // images of the target's class are left out
    check.hold(
        share["trials"] == 0 || share["trials"] == run["count"] || (may_be_fewer && share["trials"] < run["count"]),
        at + "/trials",
        fmt::format("expected {}the run's count, {}, got {}", may_be_fewer ? "at most " : "", run["count"].dump(),
                    share["trials"].dump()));
  }
  for (const std::string name : {"clean", "robust"}) {
    if (!accuracy.contains(name + "_top5")) continue;
    check.hold(accuracy[name + "_top5"]["successes"].get<double>() >= accuracy[name]["successes"].get<double>() - 1e-6,
               fmt::format("{}/accuracy/{}_top5", pointer, name),
               "expected at least as many successes as in the top 1");
  }
}

void check_swap(const ReportCheck& check, const Json& swap, int64_t draws, const std::string& pointer) {
  if (swap.is_null()) return;
  for (const std::string name : {"clean_on_adversarial_gates", "adversarial_on_clean_gates"}) {
    check.proportion(swap[name], pointer + "/" + name, draws);
  }
  for (const auto& [name, damage] : swap["damage"].items()) {
    check.inside(damage["value"], damage["ci95"], fmt::format("{}/damage/{}/ci95", pointer, name));
  }
}

void check_report(const ReportCheck& check, const Json& report) {
  std::map<std::string, size_t> layers;
  for (size_t i = 0; i < report["models"].size(); ++i) {
    const Json& model = report["models"][i];
    const std::string id = model["id"];
    const std::string pointer = fmt::format("/models/{}", i);
    check.hold(layers.emplace(id, model["gates"]["count"]).second, pointer + "/id",
               fmt::format("'{}' appears twice; expected different ids", id));
    check.size(model["gates"]["layers"], model["gates"]["count"], pointer + "/gates/layers", "gates/count");
  }
  for (size_t i = 0; i < report["runs"].size(); ++i) {
    const Json& run = report["runs"][i];
    const std::string pointer = fmt::format("/runs/{}", i);
    const auto model = layers.find(run["model"]);
    check.hold(model != layers.end(), pointer + "/model", fmt::format("{} is no id of models[]", run["model"].dump()));
    check_accuracy(check, run, pointer);
    check.hold(run["gates"].is_null() == (model->second == 0), pointer + "/gates",
               model->second == 0 ? "expected null, as the model has no gates" : "missing, though the model has gates");
    if (!run["gates"].is_null()) {
      check_gates(check, run, model->second, report["data"]["classes"].size(), pointer + "/gates");
      check_swap(check, run["gates"].value("swap", Json()), run["accuracy"]["draws"], pointer + "/gates/swap");
    }
  }
  check_across_runs(check, report);
}

void check_training(const ReportCheck& check, const Json& record) {
  for (size_t i = 0; i < record["curve"].size(); ++i) {
    const Json& epoch = record["curve"][i];
    const std::string pointer = fmt::format("/curve/{}", i);
    check.size(epoch["rates"], record["model"]["gated"].size(), pointer + "/rates", "gated layers of the model");
    check.proportion(epoch["held_out"], pointer + "/held_out", 1);
  }
}

void check_execution(const ReportCheck& check, const Json& execution, size_t layers, const Json& data,
                     const std::string& pointer) {
  const size_t classes = data["classes"].size();
  check.size(execution["per_layer"], layers, pointer + "/per_layer", "gated layers of the model");
  check_histogram(check, execution["histogram"], execution["per_layer"],
                  data["count"].get<double>() * execution["draws"].get<double>(), pointer + "/histogram");
  check.size(execution["adaptivity"], execution["draws"] == 1 ? 0 : layers, pointer + "/adaptivity",
             "gated layers of the model, none with a single draw");
  check_classes(check, execution, layers, classes, pointer);
  check.size(execution["extremes"], classes, pointer + "/extremes", "classes of the data");
}

void check_inspection(const ReportCheck& check, const Json& file) {
  for (size_t i = 0; i < file["models"].size(); ++i) {
    const Json& model = file["models"][i];
    const std::string pointer = fmt::format("/models/{}", i);
    const size_t layers = model["gates"]["count"];
    check.size(model["gates"]["layers"], layers, pointer + "/gates/layers", "gates/count");
    for (size_t m = 0; m < model["modes"].size(); ++m) {
      const Json& mode = model["modes"][m];
      for (const char* name : {"accuracy", "top5"}) {
        check.proportion(mode[name], fmt::format("{}/modes/{}/{}", pointer, m, name), mode["draws"]);
      }
    }
    const Json& execution = model["execution"];
    check.hold(execution.is_null() == (layers == 0), pointer + "/execution",
               layers == 0 ? "expected null, as the model has no gates" : "missing, though the model has gates");
    if (layers > 0) check_execution(check, execution, layers, file["data"], pointer + "/execution");
  }
}

}  // namespace

void check_consistency(const Json& report, const std::string& path) {
  const ReportCheck check(path);
  if (report["schema"] == "aigis-train") check_training(check, report);
  else if (report["schema"] == "aigis-inspect") check_inspection(check, report);
  else check_report(check, report);
}

}  // namespace aigis
