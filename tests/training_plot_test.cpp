// The figure of training draws the curves of train.json, under names that tell them apart.
#include "reports/plot/plot.h"
#include "tests/figures.h"

namespace aigis {
namespace {

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

}  // namespace
}  // namespace aigis
