// The figure of swapped gates and the table of transfer say what the report says.
#include <fmt/format.h>

#include "reports/plot/plot.h"
#include "tests/figures.h"

namespace aigis {
namespace {

TEST(SwapFigure, DrawsTheFourAccuracies) {
  const Json report = sample("--epsilons 0,2,8");
  const std::string svg = render_svg({report}, {.figure = "swap", .model = "aig-20 gates=argmax", .defense = "none"});
  const Ruler y = ruler(svg, "y");
  for (const auto& run : report["runs"]) {
    const bool shown = run["model"] == "models/aig-20.safetensors:gates=argmax" && run["defense"]["name"] == "none" &&
                       run["epsilon"].get<double>() > 7.0 / 255;
    if (!shown) continue;
    const Json& swap = run["gates"]["swap"];
    for (const auto& [name, share] : {std::pair{"clean image, adversarial gates", swap["clean_on_adversarial_gates"]},
                                      {"adversarial image, clean gates", swap["adversarial_on_clean_gates"]},
                                      {"adversarial image, adversarial gates", run["accuracy"]["robust"]}}) {
      const std::string elements = series(svg, name);
      const auto points = matches(elements, "class=\"point\" transform=\"translate\\(([-0-9.]+) ([-0-9.]+)\\)\"");
      ASSERT_EQ(points.size(), 3u) << name;
      EXPECT_NEAR(y.read(std::stod(points.back()[2])) / 100, share["value"].get<double>(), 1e-4) << name;
    }
    const double graph = swap["damage"]["graph"]["value"];
    EXPECT_NE(svg.find(fmt::format("by the graph {:.1f} [", 100 * graph)), std::string::npos);
    return;
  }
  FAIL() << "the sample holds no such run";
}

TEST(SwapFigure, NeedsARunThatSwapped) {
  Json report = sample("--epsilons 2,8");
  for (Json& run : report["runs"]) {
    if (run["gates"].is_object()) run["gates"]["swap"] = nullptr;
  }
  EXPECT_THROW(render_svg({report}, {.figure = "swap"}), std::exception);
  EXPECT_EQ(render_html({report}).find("id=\"swap\""), std::string::npos);
}

// The sample's grey-box runs, taken for transferred ones.
TEST(TransferTable, HasARowForEachModelSeen) {
  Json report = sample("--epsilons 2,8");
  const std::string seen = "models/other.safetensors:gates=always";
  for (Json& run : report["runs"]) {
    run["defense"] = {{"name", "none"}, {"options", Json::object()}, {"gradient_mode", "none"}};
    if (run["access"] == "grey-box") run["access"] = "transfer:" + seen;
  }
  const std::string html = render_html({report});
  const auto begin = html.find("<section id=\"transfer\">");
  ASSERT_NE(begin, std::string::npos);
  const std::string section = html.substr(begin, html.find("</section>", begin) - begin);
  EXPECT_NE(section.find("ε 8/255"), std::string::npos);
  EXPECT_NE(section.find(">other gates=always</th>"), std::string::npos);
  for (const auto& run : report["runs"]) {
    if (run["access"] != "transfer:" + seen || run["epsilon"].get<double>() < 7.0 / 255) continue;
    const std::string value = fmt::format(">{:.1f} <small>", 100 * run["accuracy"]["robust"]["value"].get<double>());
    EXPECT_NE(section.find(value), std::string::npos) << value;
  }
}

}  // namespace
}  // namespace aigis
