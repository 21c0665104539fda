// What is drawn is what the report says: coordinates are read back through the axes' own labels.
#include "reports/plot/plot.h"

#include <algorithm>
#include <cmath>

#include "lib/core/error.h"
#include "reports/plot/lines.h"
#include "tests/figures.h"

namespace aigis {
namespace {

using Point = std::pair<double, double>;

std::vector<Point> points(const std::string& elements) {
  std::vector<Point> found;
  for (const auto& match : matches(elements, "class=\"point\" transform=\"translate\\(([-0-9.]+) ([-0-9.]+)\\)\"")) {
    found.emplace_back(std::stod(match[1]), std::stod(match[2]));
  }
  return found;
}

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
        run["defense"]["name"] == "none" ? "no defense" : "JPEG, " + run["access"].get<std::string>();
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
  EXPECT_NE(svg.find(">Accuracy under FGSM<"), std::string::npos);
  // The step size follows the budget: it must not tear the line apart.
  EXPECT_NE(svg.find(">Accuracy under PGD<"), std::string::npos);
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
  EXPECT_NE(svg.find(">Accuracy under PGD steps=10<"), std::string::npos);
  EXPECT_NE(svg.find(">Accuracy under PGD steps=50<"), std::string::npos);
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

TEST(Spread, KeepsGapsOrderAndBounds) {
  const auto places = plotting::spread({95, 96, 97, 98}, 10, 0, 100);
  EXPECT_EQ(places, (std::vector<double>{70, 80, 90, 100}));
  EXPECT_EQ(plotting::spread({5, 50}, 10, 0, 100), (std::vector<double>{5, 50}));
  EXPECT_TRUE(plotting::spread({}, 10, 0, 100).empty());
}

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
  EXPECT_NE(svg.find("Execution rates before and after FGSM at ε = 12/255: bird"), std::string::npos);
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

TEST(TrainingFigure, DrawsTheCurve) {
  const Json record = sample("--train");
  const std::string svg = render_svg({record, sample("--train --layers 0")});
  const std::string accuracy = svg.substr(svg.find("Accuracy (%)"));
  const Ruler y = ruler(accuracy.substr(0, accuracy.find("data-series")), "y");
  const auto drawn = points(series(accuracy, "aig-20, held out"));
  ASSERT_EQ(drawn.size(), 10u);
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_NEAR(y.read(drawn[i].second) / 100, record["curve"][i]["held_out"]["value"].get<double>(), 2e-4);
  }
  EXPECT_EQ(points(series(svg, "resnet-20")).size(), 10u);
  EXPECT_EQ(matches(svg, "<title>layer2.1, epoch 10: ").size(), 1u);
}

TEST(TrainingFigure, NamesRunsBySeedsOnlyWhereNothingElseDiffers) {
  Json one = sample("--train"), two = one;
  one["config"] = {{"epochs", 40}, {"seed", 1}, {"init_sha256", nullptr}};
  two["config"] = {{"epochs", 40}, {"seed", 2}, {"init_sha256", nullptr}};
  const std::string seeds = render_svg({one, two});
  for (const char* name : {"aig-20 seed=1", "aig-20 seed=2"}) EXPECT_EQ(points(series(seeds, name)).size(), 10u);
  two["config"]["epochs"] = 16;
  two["config"]["init_sha256"] = std::string(64, '0');
  const std::string recipes = render_svg({one, two});
  for (const char* name : {"aig-20 (1)", "aig-20 (2) from --init"}) {
    EXPECT_EQ(points(series(recipes, name)).size(), 10u) << name;
  }
}

TEST(TrainingFigure, NamesWholeEpochs) {
  Json record = sample("--train");
  record["curve"].erase(record["curve"].begin() + 2, record["curve"].end());
  const std::string svg = render_svg({record}), map = svg.substr(svg.find("Execution rate of each layer"));
  for (const char* epoch : {">0</text>", ">1</text>", ">2</text>"}) EXPECT_NE(map.find(epoch), std::string::npos);
  EXPECT_TRUE(matches(map, ">[0-9]+[.][0-9]+</text>").empty());
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
