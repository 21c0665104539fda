// Which models of a report are compared, and what is decided.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reports/comparison.h"
#include "reports/curves.h"
#include "tests/compared_runs.h"

namespace aigis {
namespace {

TEST(Comparisons, PairModelsUnderTheSameSettingAndSayWhatIsDecided) {
  const Json runs{run("a", 0.1), run("a", 0.2), run("b", 0.1), run("b", 0.2)};
  std::vector<int64_t> all(40, 1), none(40, 0), some(40, 1);
  some[0] = some[1] = 0;
  const Json list = comparisons_json(runs, {none, some, all, all});
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["run_a"], 0);
  EXPECT_EQ(list[0]["run_b"], 2);
  EXPECT_EQ(list[0]["difference"], -1);
  EXPECT_EQ(list[0]["more_robust"].get<std::string>(), "b");
  EXPECT_EQ(list[1]["run_a"], 1);
  EXPECT_EQ(list[1]["p"], 0.5);  // two images, both for b
  EXPECT_TRUE(list[1]["more_robust"].is_null());
  EXPECT_NEAR(list[0]["p_holm"].get<double>(), 2 * 2 * std::pow(0.5, 40), 1e-20);
  const std::string text = decided_in(
      {{"schema", "aigis-report"}, {"models", {{{"id", "a"}}, {{"id", "b"}}}}, {"runs", runs}, {"comparisons", list}});
  EXPECT_NE(text.find("1 of 2 comparisons"), std::string::npos) << text;
  EXPECT_NE(text.find("b more robust than a: fgsm, no defense, epsilon 25.5/255: +100.00 points [86.02, 100.00]"),
            std::string::npos)
      << text;
}

TEST(Comparisons, CallNoModelMoreRobustUnderAnAttackThatWantsNoWrongAnswer) {
  Json runs = Json::array();
  for (const char* model : {"a", "b"}) {
    for (const char* aim : {"more-compute", "unseen-wrong-answer", "graph", "wrong-answer"}) {
      for (const double epsilon : {0.0, 0.1, 0.2}) {
        runs.push_back(run(model, epsilon, "gate"));
        runs.back()["attack"]["aim"] = aim;
      }
    }
  }
  const std::vector<std::vector<int64_t>> hits(runs.size(), std::vector<int64_t>(40, 1));
  std::vector<std::pair<size_t, size_t>> pairs;
  for (const Json& entry : comparisons_json(runs, hits)) pairs.emplace_back(entry["run_a"], entry["run_b"]);
  // Once the clean images, which are the same for all attacks.
  EXPECT_EQ(pairs, (std::vector<std::pair<size_t, size_t>>{{0, 12}, {4, 16}, {5, 17}, {10, 22}, {11, 23}}));
  Json report{{"runs", runs}};
  add_curves(report, hits, hits);
  EXPECT_EQ(report["curves"].size(), 8u);
  pairs.clear();
  for (const Json& entry : report["curve_comparisons"]) pairs.emplace_back(entry["curve_a"], entry["curve_b"]);
  EXPECT_EQ(pairs, (std::vector<std::pair<size_t, size_t>>{{1, 5}, {3, 7}}));
}

// Hundreds of lines would hide what a claim rests on.
TEST(Comparisons, TellNoTransferAndWithAWorstCaseNothingElse) {
  const std::vector<int64_t> all(40, 1), none(40, 0);
  const auto text_of = [&](const std::vector<std::pair<const char*, const char*>>& settings) {
    Json runs = Json::array();
    std::vector<std::vector<int64_t>> hits;
    for (const char* model : {"a", "b"}) {
      for (const auto& [attack, access] : settings) {
        runs.push_back(run(model, 0.1, attack, access));
        hits.push_back(model == std::string("a") ? all : none);
      }
    }
    return decided_in({{"schema", "aigis-report"},
                       {"models", {{{"id", "a"}}, {{"id", "b"}}}},
                       {"runs", runs},
                       {"comparisons", comparisons_json(runs, hits)}});
  };
  const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  EXPECT_EQ(lines(text_of({{"fgsm", "white-box"}, {"pgd", "white-box"}})), 3);
  EXPECT_EQ(text_of({{"pgd", "transfer:a"}}),
            "1 of 1 comparisons of models on the same images are decided (5 %, Holm)\n");
  const std::string worst = text_of({{"fgsm", "white-box"}, {"pgd", "transfer:a"}, {"worst-case", "white-box"}});
  EXPECT_EQ(lines(worst), 2) << worst;
  EXPECT_NE(worst.find("3 of 3 comparisons"), std::string::npos) << worst;
  EXPECT_NE(worst.find("under the worst of all attacks:"), std::string::npos) << worst;
}

}  // namespace
}  // namespace aigis
