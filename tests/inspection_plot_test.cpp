// Figures of inspect.json say what the file says.
#include <algorithm>

#include "reports/plot/classes_figure.h"
#include "reports/plot/plot.h"
#include "tests/figures.h"

namespace aigis {
namespace {

std::string drawn(const std::string& figure) { return render_svg({sample("--inspect")}, {.figure = figure}); }

const Json& gated_model() {
  static const Json file = sample("--inspect");
  return file["models"][1];
}

TEST(CostFigure, PutsEveryModeAtItsCostAndAccuracy) {
  const std::string svg = drawn("cost");
  const Ruler x = ruler(svg, "x"), y = ruler(svg, "y");
  const Json& modes = gated_model()["modes"];
  for (const size_t m : {0, 1}) {
    const std::string elements = series(svg, "aig-20, " + modes[m]["mode"].get<std::string>());
    const auto point = matches(elements, "class=\"point\" transform=\"translate\\(([-0-9.]+) ([-0-9.]+)\\)\"");
    ASSERT_EQ(point.size(), 1u);
    EXPECT_NEAR(x.read(std::stod(point[0][1])) * 1e6, modes[m]["macs"].get<double>(), 2e4);
    EXPECT_NEAR(y.read(std::stod(point[0][2])) / 100, modes[m]["accuracy"]["value"].get<double>(), 1e-4);
  }
  series(svg, "resnet-20");
  EXPECT_EQ(svg.find("data-series=\"aig-20, marginal\""), std::string::npos);  // ignores the image
}

TEST(CostFigure, JoinsWhatWasTrainedAlikeButForTheTargetRate) {
  Json file = sample("--inspect");
  Json& models = file["models"];
  const auto add = [&](const std::string& name, const Json& options, const Json& config) {
    models.push_back(gated_model());
    models.back()["id"] = "models/" + name + ".safetensors";
    models.back()["options"].update(options);
    models.back()["training"] = {{"config", config}};
  };
  models.erase(1);
  add("low", {{"target_rate", 0.4}}, {{"model", "aig-20:target_rate=0.4"}, {"epochs", 40}, {"seed", 1}});
  add("high", {{"target_rate", 0.7}}, {{"model", "aig-20:target_rate=0.7"}, {"epochs", 40}, {"seed", 2}});
  const auto points_of = [](const Json& drawn, const std::string& name) {
    const std::string svg = render_svg({drawn}, {.figure = "cost"}), elements = series(svg, name);
    return matches(elements, "class=\"point\"").size();
  };
  EXPECT_EQ(points_of(file, "aig-20, argmax"), 2u);
  add("decisive", {{"information_weight", 0.3}}, {{"model", "aig-20"}, {"epochs", 40}, {"seed", 1}});
  add("robust", Json::object(), {{"model", "aig-20"}, {"epochs", 40}, {"seed", 1}, {"adversary", "pgd"}});
  EXPECT_EQ(points_of(file, "low, argmax"), 2u);
  EXPECT_EQ(points_of(file, "decisive, argmax"), 1u);
  EXPECT_EQ(points_of(file, "robust, argmax"), 1u);
}

TEST(ModesFigure, HasALineForEachMode) {
  const std::string svg = drawn("modes");
  const Ruler x = ruler(svg, "x");
  const auto marks = matches(svg, "class=\"mode\" fill=\"currentColor\" transform=\"translate\\(([-0-9.]+) ");
  ASSERT_EQ(marks.size(), 4u);
  EXPECT_NEAR(x.read(std::stod(marks[0][1])) / 100, 0.85, 1e-4);
  for (size_t m = 0; m < 3; ++m) {
    EXPECT_NEAR(x.read(std::stod(marks[m + 1][1])) / 100, gated_model()["modes"][m]["accuracy"]["value"].get<double>(),
                1e-4);
  }
}

TEST(AdaptivityFigure, DrawsSharesAndLeavesOutGatesThatNeverChange) {
  const std::string svg = drawn("adaptivity");
  const Ruler y = ruler(svg, "y");
  const auto marks =
      matches(svg, "class=\"share\" fill=\"currentColor\" transform=\"translate\\([-0-9.]+ ([-0-9.]+)\\)");
  ASSERT_EQ(marks.size(), 8u);  // the ninth gate has none
  for (size_t l = 0; l < 8; ++l) {
    EXPECT_NEAR(y.read(std::stod(marks[l][1])) / 100,
                gated_model()["execution"]["adaptivity"][l]["share"].get<double>(), 1e-3);
  }
}

TEST(LayersFigure, BarsAreTheHistogram) {
  const std::string svg = drawn("layers");
  const Ruler y = ruler(svg, "y");
  const auto bars = matches(svg, "y=\"([-0-9.]+)\" width=\"[-0-9.]+\" height=\"[-0-9.]+\" [^>]*data-ran=\"([0-9]+)\"");
  const auto counts = gated_model()["execution"]["histogram"].get<std::vector<double>>();
  ASSERT_EQ(bars.size(), counts.size());
  double total = 0;
  for (const double count : counts) total += count;
  for (size_t ran = 0; ran < counts.size(); ++ran) {
    EXPECT_NEAR(y.read(std::stod(bars[ran][1])) / 100, counts[ran] / total, 1e-3) << ran;
  }
}

TEST(ClassesFigure, NamesEveryClassAndItsRates) {
  const std::string svg = drawn("classes");
  EXPECT_EQ(matches(svg, "data-part=\"class\"").size(), 10u);
  for (size_t k = 0; k < 10; ++k) {
    const double rate = gated_model()["execution"]["per_class"][k][3];
    const std::string name = sample("--inspect")["data"]["classes"][k];
    EXPECT_NE(svg.find(fmt::format("{}, layer2.0: {:.1f} %", name, 100 * rate)), std::string::npos) << name;
  }
}

TEST(ImagesFigure, ShowsEveryPictureWithItsLayers) {
  const std::string svg = drawn("images");
  EXPECT_EQ(matches(svg, "<image ").size(), 40u);
  EXPECT_NE(svg.find("<title>cat, image 35: 9 layers</title>"), std::string::npos);
}

TEST(SimilarTogether, KeepsGroupsAndTurnsThemToEachOther) {
  using plotting::similar_together;
  // Two groups on a line: 0, 1, 2 and 10, 11; whatever the order given, neighbours stay neighbours.
  const auto order = similar_together({{11}, {0}, {2}, {10}, {1}});
  std::vector<double> values;
  for (const size_t i : order) values.push_back(std::vector<double>{11, 0, 2, 10, 1}[i]);
  EXPECT_TRUE(std::is_sorted(values.begin(), values.end()) || std::is_sorted(values.rbegin(), values.rend()));
  EXPECT_TRUE(similar_together({}).empty());
  EXPECT_EQ(similar_together({{1, 2}}), std::vector<size_t>{0});
}

TEST(InspectionFigures, AreXmlForAnySizeAndMakeAPage) {
  for (const char* arguments :
       {"--inspect", "--inspect --layers 54", "--inspect --classes 1", "--inspect --layers 0"}) {
    const std::string file = scratch("inspect.json"), folder = scratch("inspected");
    write_file(file, sample(arguments).dump());
    std::filesystem::remove_all(folder);
    plot({file}, folder);
    for (const auto& written : std::filesystem::directory_iterator(folder)) {
      if (written.path().extension() != ".svg") continue;
      EXPECT_TRUE(is_xml(read_file(written.path().string()))) << written.path();
    }
    EXPECT_NE(read_file(folder + "/index.html").find("Models, inspected"), std::string::npos);
  }
}

}  // namespace
}  // namespace aigis
