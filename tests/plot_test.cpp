// What is drawn is what the report says: coordinates are read back through the axes' own labels.
#include "reports/plot/plot.h"

#include <algorithm>

#include "reports/plot/lines.h"
#include "tests/figures.h"

namespace aigis {
namespace {

TEST(AccuracyFigure, DrawsTheReportsNumbers) {
  const Json report = sample();
  const std::string svg = render_svg({report});
  const Ruler x = ruler(svg, "x"), y = ruler(svg, "y");
  const std::map<std::string, std::string> models{{"models/resnet-20.safetensors", "resnet-20"},
                                                  {"models/aig-20.safetensors:gates=argmax", "aig-20 gates=argmax"},
                                                  {"models/aig-20.safetensors:gates=sampled", "aig-20 gates=sampled"}};
  std::map<std::string, std::vector<const Json*>> lines;
  for (const auto& run : report["runs"]) {
    const std::string setting =
        run["defense"]["name"] == "none" ? "no defense" : "jpeg, " + run["access"].get<std::string>();
    lines[models.at(run["model"]) + ", " + setting].push_back(&run);
  }
  ASSERT_EQ(lines.size(), 9u);
  EXPECT_EQ(matches(svg, "data-series=").size(), 9u);
  for (const auto& [name, runs] : lines) {
    const std::string elements = series(svg, name);
    const auto drawn = points(elements);
    ASSERT_EQ(drawn.size(), 9u) << name;
    std::smatch band;
    ASSERT_TRUE(std::regex_search(elements, band, std::regex("<path d=\"([^\"]*)z\" class=\"band\"")));
    const std::string outline = band[1];
    const auto corners = matches(outline, "([-0-9.]+) ([-0-9.]+)");
    ASSERT_EQ(corners.size(), 18u);
    for (size_t i = 0; i < 9; ++i) {  // the sample's budgets rise, and begin with 0
      const Json& share = (*runs[i])["accuracy"][i == 0 ? "clean" : "robust"];
      EXPECT_NEAR(x.read(drawn[i].first) / 255, (*runs[i])["epsilon"].get<double>(), 1e-4);
      EXPECT_NEAR(y.read(drawn[i].second) / 100, share["value"].get<double>(), 1e-4) << name << " " << i;
      EXPECT_NEAR(y.read(std::stod(corners[i][2])) / 100, share["ci95"][1].get<double>(), 1e-4);
      EXPECT_NEAR(y.read(std::stod(corners[17 - i][2])) / 100, share["ci95"][0].get<double>(), 1e-4);
    }
  }
}

TEST(AccuracyFigure, PutsEachAttackInItsOwnPanel) {
  const std::string svg = render_svg({sample("--attacks fgsm,pgd")});
  EXPECT_NE(svg.find(">Accuracy under fgsm<"), std::string::npos);
  // The step size follows the budget: it must not tear the line apart.
  EXPECT_NE(svg.find(">Accuracy under pgd<"), std::string::npos);
  EXPECT_EQ(matches(svg, "data-series=").size(), 18u);
}

TEST(AccuracyFigure, TellsRunsApartByTheOptionsInWhichTheyDiffer) {
  Json report = sample("--attacks pgd --epsilons 2,8");
  const Json runs = report["runs"];
  for (Json run : runs) {
    run["attack"]["options"]["steps"] = 50;
    report["runs"].push_back(run);
  }
  const std::string svg = render_svg({report});
  EXPECT_NE(svg.find(">Accuracy under pgd steps=10<"), std::string::npos);
  EXPECT_NE(svg.find(">Accuracy under pgd steps=50<"), std::string::npos);
  EXPECT_EQ(points(series(svg, "resnet-20, no defense")).size(), 3u);
}

TEST(AccuracyFigure, NamesModelsBriefly) {
  const auto renamed = [](const std::string& id) {
    return render_svg(
        {Json::parse(std::regex_replace(sample().dump(), std::regex("models/resnet-20\\.safetensors\""), id + "\""))});
  };
  EXPECT_EQ(points(series(renamed("runs/seed-3/model.safetensors"), "seed-3, no defense")).size(), 9u);
  EXPECT_EQ(points(series(renamed("plain.pt:precision=double"), "plain precision=double, no defense")).size(), 9u);
  // Two checkpoints of one name are told apart by their folders.
  const std::string twins = renamed("other/aig-20.safetensors:gates=argmax");
  EXPECT_NE(twins.find("data-series=\"aig-20 gates=argmax, no defense\""), std::string::npos);
  EXPECT_NE(twins.find("data-series=\"models/aig-20.safetensors:gates=argmax, no defense\""), std::string::npos);
}

TEST(AccuracyFigure, JoinsReports) {
  const Json whole = sample();
  Json first = whole, second = whole;
  first["runs"] = Json::array();
  second["runs"] = Json::array();
  for (size_t i = 0; i < whole["runs"].size(); ++i) (i < 40 ? first : second)["runs"].push_back(whole["runs"][i]);
  EXPECT_EQ(render_svg({first, second}), render_svg({whole}));
  EXPECT_EQ(render_svg({whole, whole}), render_svg({whole}));  // what is there twice counts once
}

/// Vertical distances between the names of the lines of each panel.
double smallest_label_gap(const std::string& svg, const std::string& size) {
  std::vector<double> places;
  for (const auto& match : matches(svg, "<text x=\"[0-9.]+\" y=\"([0-9.]+)\" font-size=\"" + size +
                                            "\" text-anchor=\"start\" class=\"ink\" fill=\"#1a1a1a\" >")) {
    places.push_back(std::stod(match[1]));
  }
  std::sort(places.begin(), places.end());
  double gap = 1e9;
  for (size_t i = 1; i < places.size(); ++i) gap = std::min(gap, places[i] - places[i - 1]);
  return gap;
}

TEST(AccuracyFigure, KeepsNamesApart) {
  EXPECT_GE(smallest_label_gap(render_svg({sample()}), "12"), 12);
  const std::string many = render_svg({sample("--models 60 --epsilons 0,8")});
  EXPECT_EQ(matches(many, "data-series=").size(), 180u);
  EXPECT_GE(smallest_label_gap(many, "10"), 10);
}

TEST(Figures, HaveRoomForLongNames) {
  const std::string model = "aig-20-" + std::string(90, 'a'), attack = "pgd-" + std::string(90, 'b');
  std::string text = sample("--attacks fgsm,pgd --epsilons 8").dump();
  text = std::regex_replace(text, std::regex("models/aig-20"), "models/" + model);
  text = std::regex_replace(text, std::regex("\"pgd\""), "\"" + attack + "\"");
  Json report = Json::parse(text);
  for (Json& run : report["runs"]) {
    if (run["defense"]["name"] == "none") run["access"] = "transfer:" + model;
  }
  for (const std::string name : {"accuracy", "attacks", "compute", "rates", "spent", "swap"}) {
    const std::string svg = render_svg(
        {report},
        {.figure = name, .model = model + " gates=argmax", .attack = name == "swap" ? attack : "", .defense = "none"});
    const double width = std::stod(matches(svg, "viewBox=\"0 0 ([0-9.]+) ").at(0)[1]);
    const auto texts = matches(svg,
                               "<text x=\"([0-9.]+)\" y=\"[0-9.]+\" font-size=\"([0-9.]+)\" "
                               "text-anchor=\"start\" [^>]*>([^<]*)</text>");
    EXPECT_FALSE(texts.empty()) << name;
    for (const auto& match : texts) {
      EXPECT_LE(std::stod(match[1]) + plotting::text_width(match[3].str(), std::stod(match[2])), width)
          << name << ": " << match[3];
    }
  }
}

TEST(Spread, KeepsGapsOrderAndBounds) {
  const auto places = plotting::spread({95, 96, 97, 98}, 10, 0, 100);
  EXPECT_EQ(places, (std::vector<double>{70, 80, 90, 100}));
  EXPECT_EQ(plotting::spread({5, 50}, 10, 0, 100), (std::vector<double>{5, 50}));
  EXPECT_TRUE(plotting::spread({}, 10, 0, 100).empty());
}

TEST(Figures, AreXmlForAnySize) {
  for (const char* arguments : {"", "--epsilons ''", "--epsilons 8", "--layers 54", "--models 60 --epsilons 0,4",
                                "--models 1 --classes 1000 --epsilons 8", "--epsilons 0"}) {
    const Json report = sample(arguments);
    EXPECT_TRUE(is_xml(render_svg({report}))) << arguments;
    EXPECT_NE(render_html({report}).find("</html>"), std::string::npos);
    if (report["runs"].empty()) continue;
    EXPECT_TRUE(is_xml(render_svg({report}, {.figure = "gates"}))) << arguments;
  }
  EXPECT_TRUE(is_xml(render_svg({sample("--train --layers 54")})));
}

TEST(Figures, BearMissingNumbers) {
  Json report = sample();
  report["runs"][3]["accuracy"]["robust"] = nullptr;
  report["runs"][4]["accuracy"]["robust"].erase("ci95");
  report["runs"][5]["accuracy"] = nullptr;
  report["runs"][30]["gates"]["after"]["per_layer"][0] = nullptr;
  report["runs"][31]["gates"] = nullptr;
  report["runs"][32].erase("flags");
  report["runs"][33].erase("near_ties");
  const std::string svg = render_svg({report});
  EXPECT_TRUE(is_xml(svg));
  EXPECT_EQ(points(series(svg, "resnet-20, no defense")).size(), 7u);
  EXPECT_TRUE(is_xml(render_svg({report}, {.figure = "gates"})));
  EXPECT_NE(render_html({report}).find("</html>"), std::string::npos);
  Json record = sample("--train");
  record["curve"][0]["loss"] = nullptr;
  record["curve"][9]["held_out"] = nullptr;
  EXPECT_TRUE(is_xml(render_svg({record})));
  record["curve"] = Json::array();
  EXPECT_TRUE(is_xml(render_svg({record})));
}

}  // namespace
}  // namespace aigis
