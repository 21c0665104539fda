// Bars of gates are the rates of the report's layers.
#include <algorithm>

#include "reports/plot/plot.h"
#include "tests/figures.h"

namespace aigis {
namespace {

/// Heights of the bars before or after the attack, as shares of the axis.
std::vector<double> bars(const std::string& svg, const std::string& when) {
  const Ruler y = ruler(svg, "y");
  std::vector<double> rates;
  for (const auto& match : matches(svg,
                                   "<rect x=\"[0-9.]+\" y=\"([0-9.]+)\" width=\"[0-9.]+\" height=\"([0-9.]+)\" "
                                   "class=\"" +
                                       when + "\" fill=\"#[0-9a-f]+\" data-layer=")) {
    rates.push_back(y.read(std::stod(match[1])) / 100);
    EXPECT_NEAR(y.read(std::stod(match[1]) + std::stod(match[2])), 0, 0.01);  // bars stand on zero
  }
  return rates;
}

TEST(GatesFigure, DrawsTheRatesOfOneClassAtOneBudget) {
  const Json report = sample("--layers 54");
  const std::string svg = render_svg(
      {report}, {.figure = "gates", .class_name = "bird", .epsilon = 12.0 / 255, .model = "aig-20 gates=sampled"});
  EXPECT_NE(svg.find("Execution rates before and after fgsm at ε = 12/255: bird"), std::string::npos);
  const auto run = std::find_if(report["runs"].begin(), report["runs"].end(), [](const Json& r) {
    return r["model"] == "models/aig-20.safetensors:gates=sampled" && r["defense"]["name"] == "none" &&
           r["epsilon"] == 12.0 / 255;
  });
  ASSERT_NE(run, report["runs"].end());
  for (const char* when : {"before", "after"}) {
    const auto drawn = bars(svg, when);
    ASSERT_EQ(drawn.size(), 54u);
    for (size_t i = 0; i < 54; ++i) {
      EXPECT_NEAR(drawn[i], (*run)["gates"][when]["per_class"][2][i].get<double>(), 1e-4) << when << i;
    }
  }
}

TEST(GatesFigure, DrawsAllClassesByDefaultAndNothingForAnAbsentOne) {
  const Json report = sample();
  const std::string svg = render_svg({report}, {.figure = "gates"});
  EXPECT_EQ(svg.find("…"), std::string::npos) << "a figure of nine layers is wide enough for its words";
  const auto all = bars(svg, "after");
  const Json& run = report["runs"][27 + 5];  // the first gated model, no defense, 12/255
  ASSERT_EQ(all.size(), 9u);
  for (size_t i = 0; i < 9; ++i) EXPECT_NEAR(all[i], run["gates"]["after"]["per_layer"][i].get<double>(), 1e-4);
  const std::string absent = render_svg({report}, {.class_name = "truck"});
  EXPECT_NE(absent.find("visibility=\"visible\""), std::string::npos);
  for (const double rate : bars(absent, "after")) EXPECT_EQ(rate, 0);
}

TEST(GatesFigure, LeavesNoiseForLast) {
  Json report = sample();
  for (size_t i = 0; i < report["runs"].size(); i += 2) {
    Json& run = report["runs"][i];
    if (run["attack"].is_object()) run["attack"]["name"] = "noise";
  }
  const std::string svg = render_svg({report}, {.figure = "gates"});
  EXPECT_NE(svg.find("before and after fgsm at ε"), std::string::npos);
  for (Json& run : report["runs"]) {
    if (run["attack"].is_object() && run["epsilon"] == 4.0 / 255) run["attack"]["name"] = "noise";
  }
  EXPECT_NE(render_svg({report}, {.figure = "gates", .epsilon = 4.0 / 255}).find("before and after noise at ε = 4/255"),
            std::string::npos)
      << "the only one within that budget";
}

}  // namespace
}  // namespace aigis
