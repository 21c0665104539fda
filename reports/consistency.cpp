#include "reports/consistency.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "lib/core/error.h"
#include "lib/metrics/interval.h"

namespace aigis {
namespace {

/// Looks at one value after another and remembers where it is, for the message.
class Check {
 public:
  explicit Check(const std::string& path) : path_(path) {}

  void hold(bool right, const std::string& pointer, const std::string& wrong) const {
    if (!right) throw InputError(fmt::format("{}: {}: {}", path_, pointer, wrong));
  }
  void size(const Json& array, size_t expected, const std::string& pointer, const std::string& of_what) const {
    hold(array.size() == expected, pointer,
         fmt::format("expected {} items ({}), got {}", expected, of_what, array.size()));
  }
  void proportion(const Json& share, const std::string& pointer, int64_t draws) const {
    if (share["trials"] == 0) return;
    hold(share["value"].is_number(), pointer + "/value", "expected number from 0 to 1, as there are trials; got null");
    hold(share["ci95"].is_array(), pointer + "/ci95", "expected [low, high], as there are trials; got null");
    // Bounds are computed apart from the value, so the last digit may differ.
    constexpr double slack = 1e-9;
    const double value = share["value"], low = share["ci95"][0], high = share["ci95"][1];
    hold(low <= value + slack && value <= high + slack, pointer + "/ci95",
         fmt::format("expected low <= {} <= high, got [{}, {}]", value, low, high));
    const double successes = share["successes"], trials = share["trials"];
    hold(std::abs(successes - value * trials) <= 1e-6 * (1 + trials), pointer + "/successes",
         fmt::format("expected value x trials = {}, got {}", value * trials, successes));
    if (draws != 1) return;  // with several, the interval also depends on how images differ
    const Interval ci = wilson(successes, trials);
    hold(std::abs(low - ci.low) <= 1e-6 && std::abs(high - ci.high) <= 1e-6, pointer + "/ci95",
         fmt::format("expected Wilson's interval [{}, {}], got [{}, {}]", ci.low, ci.high, low, high));
  }

 private:
  const std::string& path_;
};

double total(const Json& numbers) {
  double sum = 0;
  for (const auto& number : numbers) sum += number.get<double>();
  return sum;
}

/// Tables by class; intervals are missing in files of earlier versions.
void check_classes(const Check& check, const Json& rates, size_t layers, size_t classes, const std::string& pointer) {
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

void check_gates(const Check& check, const Json& gates, size_t layers, size_t classes, const std::string& pointer) {
  for (const char* when : {"before", "after"}) {
    const std::string at = fmt::format("{}/{}", pointer, when);
    check.size(gates[when]["per_layer"], layers, at + "/per_layer", "gated layers of the model");
    const double mean = gates[when]["mean"], sum = total(gates[when]["per_layer"]);
    check.hold(std::abs(mean * static_cast<double>(layers) - sum) <= 1e-6 * static_cast<double>(layers), at + "/mean",
               fmt::format("expected the mean of per_layer, {}, got {}", sum / static_cast<double>(layers), mean));
    check_classes(check, gates[when], layers, classes, at);
    check.size(gates["executed_layers_histogram"][when], layers + 1,
               fmt::format("{}/executed_layers_histogram/{}", pointer, when), "0 to all gated layers");
  }
}

void check_accuracy(const Check& check, const Json& run, const std::string& pointer) {
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

void check_checks(const Check& check, const Json& report) {
  const Json checks = report.value("checks", Json::array());
  for (size_t i = 0; i < checks.size(); ++i) {
    for (const Json& run : checks[i]["runs"]) {
      check.hold(run.get<size_t>() < report["runs"].size(), fmt::format("/checks/{}/runs", i),
                 fmt::format("{} is no index of runs", run.dump()));
    }
  }
}

void check_curves(const Check& check, const Json& report) {
  const Json curves = report.value("curves", Json::array()), pairs = report.value("curve_comparisons", Json::array());
  for (size_t i = 0; i < curves.size(); ++i) {
    for (const Json& run : curves[i]["runs"]) {
      check.hold(run.get<size_t>() < report["runs"].size(), fmt::format("/curves/{}/runs", i),
                 fmt::format("{} is no index of runs", run.dump()));
    }
  }
  for (size_t i = 0; i < pairs.size(); ++i) {
    for (const char* curve : {"curve_a", "curve_b"}) {
      check.hold(pairs[i][curve].get<size_t>() < curves.size(), fmt::format("/curve_comparisons/{}/{}", i, curve),
                 fmt::format("{} is no index of curves", pairs[i][curve].dump()));
    }
  }
}

void check_comparisons(const Check& check, const Json& report) {
  const Json comparisons = report.value("comparisons", Json::array());
  for (size_t i = 0; i < comparisons.size(); ++i) {
    for (const char* run : {"run_a", "run_b"}) {
      check.hold(comparisons[i][run].get<size_t>() < report["runs"].size(), fmt::format("/comparisons/{}/{}", i, run),
                 fmt::format("{} is no index of runs", comparisons[i][run].dump()));
    }
  }
}

void check_report(const Check& check, const Json& report) {
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
      check_gates(check, run["gates"], model->second, report["data"]["classes"].size(), pointer + "/gates");
    }
  }
  check_checks(check, report);
  check_comparisons(check, report);
  check_curves(check, report);
}

void check_training(const Check& check, const Json& record) {
  for (size_t i = 0; i < record["curve"].size(); ++i) {
    const Json& epoch = record["curve"][i];
    const std::string pointer = fmt::format("/curve/{}", i);
    check.size(epoch["rates"], record["model"]["gated"].size(), pointer + "/rates", "gated layers of the model");
    check.proportion(epoch["held_out"], pointer + "/held_out", 1);
  }
}

void check_execution(const Check& check, const Json& execution, size_t layers, size_t classes,
                     const std::string& pointer) {
  check.size(execution["per_layer"], layers, pointer + "/per_layer", "gated layers of the model");
  check.size(execution["histogram"], layers + 1, pointer + "/histogram", "0 to all gated layers");
  check.size(execution["adaptivity"], execution["draws"] == 1 ? 0 : layers, pointer + "/adaptivity",
             "gated layers of the model, none with a single draw");
  check_classes(check, execution, layers, classes, pointer);
  check.size(execution["extremes"], classes, pointer + "/extremes", "classes of the data");
}

void check_inspection(const Check& check, const Json& file) {
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
    if (layers > 0) check_execution(check, execution, layers, file["data"]["classes"].size(), pointer + "/execution");
  }
}

}  // namespace

void check_consistency(const Json& report, const std::string& path) {
  const Check check(path);
  if (report["schema"] == "aigis-train") check_training(check, report);
  else if (report["schema"] == "aigis-inspect") check_inspection(check, report);
  else check_report(check, report);
}

}  // namespace aigis
