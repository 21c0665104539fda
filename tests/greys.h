// Grey images, a model in closed form that judges them, and the report of a sweep over both.
#pragma once

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "reports/report.h"
#include "reports/schema.h"
#include "tests/attacks.h"
#include "tests/models_under_test.h"

namespace aigis {

inline constexpr int64_t kImages = 40;

/// An attack that goes wrong in a chosen way.
class Planted : public Attack {
 public:
  explicit Planted(std::function<at::Tensor(const at::Tensor&, double)> act) : act_(std::move(act)) {}
  std::string name() const override { return "planted"; }
  Json options() const override { return Json::object(); }
  std::set<GateGradient> gate_paths() const override { return {}; }
  std::vector<Norm> norms() const override { return {Norm::linf}; }
  std::vector<at::Tensor> propose(Victim&, const Batch& batch, Norm, at::ArrayRef<double> epsilons) const override {
    std::vector<at::Tensor> all;
    for (const double epsilon : epsilons) all.push_back(act_(batch.images, epsilon));
    return all;
  }

 private:
  std::function<at::Tensor(const at::Tensor&, double)> act_;
};

/// Grey images of 40 levels around the boundary of a model that compares the mean with one half.
inline Dataset greys() {
  Dataset data;
  data.name = "greys";
  data.part = Part::test;
  data.classes = {"dark", "bright"};
  data.ids = at::arange(kImages, at::TensorOptions(at::kLong));
  const at::Tensor level = data.ids * 2 + 88;  // 88, 90, … 166: twenty below 127.5 and twenty above
  data.images = level.to(at::kByte).view({-1, 1, 1, 1}).expand({kImages, 1, 2, 2}).contiguous();
  data.labels = level.gt(127).to(at::kLong);
  return data;
}

struct Outcome {
  Json report;
  Json flags_of(size_t run) const { return report["runs"][run]["flags"]; }
  bool has(size_t run, const std::string& check) const {
    for (const auto& flag : flags_of(run)) {
      if (flag["check"] == check) return true;
    }
    return false;
  }
};

/// All attacks and, where there are several, their worst case.
inline Outcome sweep_all(const std::vector<std::shared_ptr<const Attack>>& attacks, std::vector<double> epsilons,
                         Dataset data = greys(), Json record = nullptr, int64_t batch = 7, int64_t workers = 1) {
  SweepPlan plan;
  auto model = std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5);
  plan.models = {model};
  plan.runs = plan_runs(attacks, {nullptr}, {Access{}}, attacks.size() > 1);
  plan.epsilons = std::move(epsilons);
  plan.data = std::move(data);
  plan.batch = batch;
  plan.workers = workers;
  Journal journal;
  ReportContext context;
  context.tool = {{"version", "0"},
                  {"commit", "0"},
                  {"build", {{"compiler", "c"}, {"libtorch", "l"}, {"cuda", false}}},
                  {"command_line", ""}};
  context.environment = {{"cpu", ""}, {"device", "cpu"}, {"threads", 1}, {"determinism", ""}};
  context.config = Json::object();
  context.data_spec = "greys";
  context.models = {{"linear", "linear.safetensors", std::string(64, '0'), std::move(record), {}, model->card()}};
  Outcome outcome{make_report(plan, run_sweep(plan, journal), {{}}, context)};
  validate_report(outcome.report, "the report");
  return outcome;
}

inline Outcome sweep(std::shared_ptr<const Attack> attack, std::vector<double> epsilons, Dataset data = greys(),
                     Json record = nullptr, int64_t batch = 7, int64_t workers = 1) {
  return sweep_all({std::move(attack)}, std::move(epsilons), std::move(data), std::move(record), batch, workers);
}

inline std::shared_ptr<const Attack> fgsm() { return make_attack("fgsm"); }

inline std::shared_ptr<const Attack> planted(std::function<at::Tensor(const at::Tensor&, double)> act) {
  return std::make_shared<Planted>(std::move(act));
}

/// What a checkpoint would record of its accuracy on held-out greys.
inline Json record(double value, double low, double high) {
  Json json{{"data", "greys"}};
  json["held_out"]["none"] = {{"value", value}, {"successes", 1}, {"trials", 1}};
  json["held_out"]["none"]["ci95"] = {low, high};
  return json;
}

}  // namespace aigis
