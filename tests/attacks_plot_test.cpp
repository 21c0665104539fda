// The figure that compares attacks says what the report says, and puts the strongest first.
#include <fmt/format.h>

#include <algorithm>

#include "reports/plot/plot.h"
#include "tests/figures.h"

namespace aigis {
namespace {

TEST(AttacksFigure, DrawsTheReportsNumbers) {
  const Json report = sample("--attacks fgsm,pgd --epsilons 2,8");
  const std::string svg = render_svg({report}, {.figure = "attacks"});
  const Ruler x = ruler(svg, "x");  // of the first panel
  const std::string mark =
      R"re(class="attack" fill="currentColor" transform="translate\(([-0-9.]+) ([-0-9.]+)\)"><title>([^<]*)</title>)re";
  const auto marks = matches(svg, mark);
  EXPECT_EQ(marks.size(), report["runs"].size());
  size_t checked = 0;
  for (const auto& run : report["runs"]) {
    if (run["epsilon"].get<double>() > 3.0 / 255) continue;
    std::string model = run["model"];
    model = model.substr(model.find('/') + 1);
    model.replace(model.find(".safetensors"), 12, "");
    std::replace(model.begin(), model.end(), ':', ' ');
    const std::string setting =
        run["defense"]["name"] == "none" ? "no defense" : "jpeg, " + run["access"].get<std::string>();
    const std::string name = model + ", " + run["attack"]["name"].get<std::string>() + ", " + setting;
    const auto found = std::find_if(marks.begin(), marks.end(), [&](const std::smatch& match) {
      return match[3].str().starts_with(name + ", ε 2/255:");
    });
    ASSERT_NE(found, marks.end()) << name;
    EXPECT_NEAR(x.read(std::stod((*found)[1])) / 100, run["accuracy"]["robust"]["value"].get<double>(), 1e-4) << name;
    ++checked;
  }
  EXPECT_EQ(checked, report["runs"].size() / 2);
}

TEST(AttacksFigure, PutsTheStrongestFirst) {
  const Json report = sample("--attacks fgsm,pgd --epsilons 2,8");
  const std::string svg = render_svg({report}, {.figure = "attacks"});
  std::map<std::string, double> sums;
  for (const auto& run : report["runs"]) {
    if (run["defense"]["name"] == "none") {
      sums[run["attack"]["name"]] += run["accuracy"]["robust"]["value"].get<double>();
    }
  }
  const auto names = matches(svg, "data-attack=\"\">([^<]*)<");
  ASSERT_EQ(names.size(), 6u);  // two attacks, three settings
  EXPECT_EQ(names[0][1], sums["pgd"] < sums["fgsm"] ? "pgd" : "fgsm");
}

TEST(AttacksFigure, IsDrawnWhereThereIsSomethingToCompare) {
  EXPECT_EQ(render_html({sample()}).find("the strongest first"), std::string::npos);
  EXPECT_NE(render_html({sample("--attacks fgsm,pgd")}).find("the strongest first"), std::string::npos);
  for (const char* arguments : {"--attacks fgsm,pgd --epsilons 0", "--models 40 --attacks fgsm,pgd", "--layers 0"}) {
    EXPECT_TRUE(is_xml(render_svg({sample(arguments)}, {.figure = "attacks"}))) << arguments;
  }
}

/// 40 images at each power of two.
TEST(QueriesFigure, RisesByWhatTheReportCounts) {
  const Json report = sample("--attacks fgsm,square --epsilons 8");
  const std::string svg = render_svg({report}, {.figure = "queries"});
  const Json& run = *std::find_if(report["runs"].begin(), report["runs"].end(),
                                  [](const Json& r) { return r["attack"]["name"] == "square"; });
  const std::string share = fmt::format("512 answers: {:.1f} %", 100 * 400 / run["count"].get<double>());
  EXPECT_NE(svg.find(share), std::string::npos) << share;
  EXPECT_EQ(svg.find("fgsm"), std::string::npos) << "only black boxes count answers";
  EXPECT_NE(render_html({report}).find("broken after so many answers"), std::string::npos);
  EXPECT_EQ(render_html({sample()}).find("broken after so many answers"), std::string::npos);
}

}  // namespace
}  // namespace aigis
