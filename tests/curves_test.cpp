// Accuracy over all budgets, and whose is called higher.
#include "reports/curves.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/compared_runs.h"

namespace aigis {
namespace {

/// Of 40 images the first so many are right.
std::vector<int64_t> first_right(size_t count) {
  std::vector<int64_t> hits(40, 0);
  std::fill_n(hits.begin(), count, 1);
  return hits;
}

/// The report's curves and their comparisons for two models under some attacks, at budgets of 1, 2 and 8.
/// `right`: how many images are right without an attack and at each budget, for each model and attack.
Json curves(const std::vector<const char*>& attacks, const std::vector<std::vector<size_t>>& right) {
  Json runs = Json::array();
  std::vector<std::vector<int64_t>> hits, clean_hits;
  size_t next = 0;
  for (const char* model : {"a", "b"}) {
    for (const char* attack : attacks) {
      const std::vector<size_t>& counts = right[next++];
      for (const size_t budget : {1, 2, 3}) {
        runs.push_back(run(model, budget == 3 ? 8 : static_cast<double>(budget), attack));
        hits.push_back(first_right(counts[budget]));
        clean_hits.push_back(first_right(counts[0]));
      }
    }
  }
  Json report{{"runs", runs}};
  add_curves(report, hits, clean_hits);
  return report;
}

// By trapezoids at 0, 1, 2 and 8 accuracies weigh 1, 2, 7 and 6 sixteenths.
TEST(Curves, WeighBudgetsByTheirDistanceAndNameTheModelThatIsAhead) {
  const std::vector<size_t> low{38, 30, 20, 8}, high{36, 32, 28, 20};
  const double mean_low = (38 + 2 * 30 + 7 * 20 + 6 * 8) / 640.0;
  const double mean_high = (36 + 2 * 32 + 7 * 28 + 6 * 20) / 640.0;
  const Json report = curves({"fgsm", "pgd"}, {low, high, high, low});
  const Json& list = report["curves"];
  ASSERT_EQ(list.size(), 4u);
  EXPECT_EQ(list[0]["runs"], (Json{0, 1, 2}));
  for (const size_t i : {0, 3}) EXPECT_NEAR(list[i]["mean_accuracy"]["value"].get<double>(), mean_low, 1e-12) << i;
  for (const size_t i : {1, 2}) EXPECT_NEAR(list[i]["mean_accuracy"]["value"].get<double>(), mean_high, 1e-12) << i;
  const Json& compared = report["curve_comparisons"];
  ASSERT_EQ(compared.size(), 2u);
  for (const size_t i : {0, 1}) {
    EXPECT_EQ(compared[i]["curve_a"].get<size_t>(), i);
    EXPECT_EQ(compared[i]["curve_b"].get<size_t>(), i + 2);
    const double expected = i == 0 ? mean_low - mean_high : mean_high - mean_low;
    EXPECT_NEAR(compared[i]["difference"]["value"].get<double>(), expected, 1e-12);
    // 12 images differ by 6 sixteenths, 8 by 7, two by 2, and two by 1 the other way. Six of 2^24 choices of signs have
    // as large a sum, to either side: with all of one sign but perhaps those by 1, and with all but one of those by 2.
    EXPECT_NEAR(compared[i]["p"].get<double>(), 12 * std::pow(0.5, 24), 1e-15);
    EXPECT_NEAR(compared[i]["p_holm"].get<double>(), 2 * 12 * std::pow(0.5, 24), 1e-15);
    EXPECT_EQ(compared[i]["more_robust"].get<std::string>(), i == 0 ? "b" : "a");
  }
}

// From .5/255 to 16/255 each in one draw weighs 1, 2, 3, 6, 12, 24 and 16 parts of 64, the first without an attack. Ten
// images differ by 3, 1, -2, 1, 2, 3, 1, 5, 4 and 1 of these. Of 2^10 choices of signs 26 have as large a sum.
TEST(Curves, AreToldApartByWholeParts) {
  const std::vector<std::vector<size_t>> right_for_b{{2}, {0}, {}, {0}, {1}, {2}, {0}, {1, 2}, {0, 2}, {0}};
  const std::vector<double> budgets{0.5, 1, 2, 4, 8, 16};
  Json runs = Json::array();
  std::vector<std::vector<int64_t>> hits, clean_hits;
  for (const char* model : {"a", "b"}) {
    std::vector<std::vector<int64_t>> at(budgets.size() + 1, std::vector<int64_t>(right_for_b.size(), 0));
    if (model == std::string("a")) {
      at[1][2] = 1;
    } else {
      for (size_t i = 0; i < right_for_b.size(); ++i) {
        for (const size_t place : right_for_b[i]) at[place][i] = 1;
      }
    }
    for (size_t e = 0; e < budgets.size(); ++e) {
      runs.push_back(run(model, budgets[e] / 255));
      hits.push_back(at[e + 1]);
      clean_hits.push_back(at[0]);
    }
  }
  Json report{{"runs", runs}};
  add_curves(report, hits, clean_hits);
  ASSERT_EQ(report["curve_comparisons"].size(), 1u);
  const Json& compared = report["curve_comparisons"][0];
  EXPECT_NEAR(compared["difference"]["value"].get<double>(), -19.0 / 640, 1e-12);
  EXPECT_NEAR(compared["p"].get<double>(), 26.0 / 1024, 1e-12);
}

// All of forty images are ahead by the smallest part that there is, which no resample and no choice of signs doubts.
TEST(Curves, AreDecidedHoweverSmallTheDifference) {
  const Json report = curves({"fgsm"}, {{0, 0, 0, 0}, {40, 0, 0, 0}});
  const Json& compared = report["curve_comparisons"][0];
  EXPECT_NEAR(compared["difference"]["value"].get<double>(), -1 / 16.0, 1e-12);
  EXPECT_EQ(compared["more_robust"], "b");
}

// No step divides both.
TEST(Curves, OfAnyBudgetsAreMeans) {
  Json report{{"runs", {run("a", 0.1), run("a", std::sqrt(0.5))}}};
  add_curves(report, {{1, 0}, {0, 0}}, {{1, 1}, {1, 1}});
  const double width = std::sqrt(0.5);
  EXPECT_NEAR(report["curves"][0]["mean_accuracy"]["value"].get<double>(), (width + 0.2) / 4 / width, 1e-6);
}

// Six images, all for b: two sides of a coin's .5^6 are .03125, which one comparison may call decided and two may not.
TEST(Curves, AreDecidedTogether) {
  const std::vector<size_t> some(4, 34), all(4, 40);
  const Json alone = curves({"fgsm"}, {some, all})["curve_comparisons"];
  ASSERT_EQ(alone.size(), 1u);
  EXPECT_NEAR(alone[0]["p"].get<double>(), 0.03125, 1e-12);
  EXPECT_NEAR(alone[0]["p_holm"].get<double>(), 0.03125, 1e-12);
  EXPECT_EQ(alone[0]["more_robust"].get<std::string>(), "b");
  const Json both = curves({"fgsm", "pgd"}, {some, some, all, all})["curve_comparisons"];
  ASSERT_EQ(both.size(), 2u);
  for (const Json& entry : both) {
    EXPECT_LT(entry["difference"]["ci95"][1], 0) << "by itself it is decided";
    EXPECT_NEAR(entry["p_holm"].get<double>(), 0.0625, 1e-12);
    EXPECT_TRUE(entry["more_robust"].is_null());
  }
}

}  // namespace
}  // namespace aigis
