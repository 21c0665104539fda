// The figures of what attacks make of the compute say what the report says.
#include <fmt/format.h>

#include "reports/plot/plot.h"
#include "tests/figures.h"

namespace aigis {
namespace {

Json attacked() { return sample("--attacks fgsm,pgd --epsilons 0,2,8"); }

const PlotSelection kArgmax{.model = "aig-20 gates=argmax", .defense = "none"};

/// The runs that the figures below show, at the largest budget.
std::vector<const Json*> shown(const Json& report) {
  std::vector<const Json*> runs;
  for (const auto& run : report["runs"]) {
    const bool is_shown = run["model"] == "models/aig-20.safetensors:gates=argmax" &&
                          run["defense"]["name"] == "none" && run["epsilon"].get<double>() > 7.0 / 255;
    if (is_shown) runs.push_back(&run);
  }
  return runs;
}

std::string figure(const Json& report, const std::string& name) {
  PlotSelection selection = kArgmax;
  selection.figure = name;
  return render_svg({report}, selection);
}

TEST(RatesFigure, HasTheRatesOfEachAttack) {
  const Json report = attacked();
  const std::string svg = figure(report, "rates");
  EXPECT_EQ(matches(svg, "data-row=\"\"").size(), 3u) << "no attack, and two";
  ASSERT_EQ(shown(report).size(), 2u);
  for (const Json* run : shown(report)) {
    const std::string attack = (*run)["attack"]["name"];
    for (const char* layer : {"layer1.0", "layer3.2"}) {
      const double rate = (*run)["gates"]["after"]["per_layer"][layer[5] == '1' ? 0 : 8];
      const auto title = fmt::format("<title>{}, {}: {:.1f} %", attack, layer, 100 * rate);
      EXPECT_NE(svg.find(title), std::string::npos) << title;
    }
  }
}

TEST(SpentFigure, DrawsQuantilesAsSharesOfAllLayers) {
  const Json report = attacked();
  const std::string svg = figure(report, "spent");
  const Ruler x = ruler(svg, "x");
  const auto medians =
      matches(svg, R"re(class="median" fill="currentColor" transform="translate\(([-0-9.]+) ([-0-9.]+)\)")re");
  ASSERT_EQ(medians.size(), 3u);
  const double full = report["models"][1]["macs"]["full"];
  for (size_t i = 0; i < 2; ++i) {
    const Json& distribution = (*shown(report)[i])["macs"]["distribution"];
    EXPECT_NEAR(x.read(std::stod(medians[i + 1][1])) / 100, distribution["quantiles"]["after"][2].get<double>() / full,
                1e-3);
  }
  EXPECT_EQ(matches(svg, ">20.0</text>").size(), 2u) << "the share over the budget";
}

/// Gates that draw are passed several times, and it is passes that the quantiles are over.
TEST(SpentFigure, SaysWhatItsSharesAreOf) {
  const Json report = attacked();
  const std::string decided = figure(report, "spent");
  EXPECT_NE(decided.find("5 to 95 % of the images, thick"), std::string::npos);
  EXPECT_NE(decided.find("pgd: half of the images within"), std::string::npos);
  EXPECT_EQ(decided.find("passes"), std::string::npos);
  const std::string drawn =
      render_svg({report}, {.figure = "spent", .model = "aig-20 gates=sampled", .defense = "none"});
  EXPECT_NE(drawn.find("5 to 95 % of the passes (10 an image), thick"), std::string::npos);
  EXPECT_NE(drawn.find("pgd: half of the passes (10 an image) within"), std::string::npos);
  EXPECT_EQ(drawn.find("of the images"), std::string::npos);
}

TEST(ComputeFigure, DrawsALineForEachAttack) {
  const Json report = attacked();
  const std::string svg = figure(report, "compute");
  const Ruler y = ruler(svg, "y");
  const double full = report["models"][1]["macs"]["full"];
  for (const Json* run : shown(report)) {
    const std::string elements = series(svg, (*run)["attack"]["name"].get<std::string>());
    const auto points = matches(elements, "class=\"point\" transform=\"translate\\(([-0-9.]+) ([-0-9.]+)\\)\"");
    ASSERT_EQ(points.size(), 3u);
    EXPECT_NEAR(y.read(std::stod(points.back()[2])) / 100, (*run)["macs"]["after"].get<double>() / full, 1e-3);
  }
}

TEST(DrivenFigures, NeedSeveralAttacksOnAGatedModel) {
  const Json report = sample("--epsilons 2,8");
  EXPECT_THROW(figure(report, "rates"), std::exception);
  EXPECT_EQ(render_html({report}).find("Compute under each attack"), std::string::npos);
  EXPECT_NE(render_html({attacked()}).find("Compute under each attack"), std::string::npos);
}

/// The row of an attack within its largest budget, number by number.
TEST(GatesTable, HasWhatTheReportSays) {
  const Json report = attacked();
  const std::string html = render_html({report});
  const auto share = [](const Json& value, const Json& ends) {
    return fmt::format("<td class=\"number\">{:.1f} <small>[{:.1f}, {:.1f}]</small></td>", 100 * value.get<double>(),
                       100 * ends[0].get<double>(), 100 * ends[1].get<double>());
  };
  const auto proportion = [&](const Json& json) { return share(json["value"], json["ci95"]); };
  for (const Json* run : shown(report)) {
    const Json &macs = (*run)["macs"], &after = (*run)["gates"]["after"], &cost = macs["distribution"];
    const std::string cells = proportion((*run)["accuracy"]["label_kept"]) + share(after["mean"], after["ci95"]) +
                              share(macs["recovery"], macs["ci95"]["recovery"]) +
                              proportion(cost["over_budget"]["after"]) +
                              share(cost["exceedance"]["after"].back(), cost["exceedance"]["after_ci95"].back()) +
                              proportion(macs["monitor"]["unseen"]) + proportion(macs["monitor"]["unseen_and_wrong"]);
    EXPECT_NE(html.find(cells), std::string::npos) << cells;
  }
}

TEST(GatesTable, TellsWhatIsOutForAGraphByItsLikeness) {
  Json report = attacked();
  EXPECT_EQ(render_html({report}).find("Likeness to the wanted graph"), std::string::npos);
  for (Json& run : report["runs"]) {
    if (run["attack"]["name"] != "pgd") continue;
    run["attack"]["aim"] = "graph";
    run["attack"]["options"]["class"] = 3;
  }
  const std::string html = render_html({report});
  EXPECT_NE(html.find("Likeness to the wanted graph"), std::string::npos);
  for (const Json* run : shown(report)) {
    if ((*run)["attack"]["name"] != "pgd") continue;
    const Json& alike = (*run)["gates"]["likeness"];
    const std::string cell = fmt::format(
        "<td class=\"number\">{:.1f} → {:.1f} <small>[{:.1f}, {:.1f}]</small>; its own images {:.1f}, at "
        "most {:.1f}</td>",
        100 * alike["before"][3].get<double>(), 100 * alike["after"][3].get<double>(),
        100 * alike["after_ci95"][3][0].get<double>(), 100 * alike["after_ci95"][3][1].get<double>(),
        100 * alike["own"][3].get<double>(), 100 * alike["most"][3].get<double>());
    EXPECT_NE(html.find(cell), std::string::npos) << cell;
  }
  for (Json& run : report["runs"]) {
    if (!run["gates"].is_object()) continue;
    run["gates"]["likeness"].erase("own");
    run["gates"]["likeness"].erase("most");
  }
  EXPECT_EQ(render_html({report}).find("its own images"), std::string::npos);
}

}  // namespace
}  // namespace aigis
