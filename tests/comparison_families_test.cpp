// Which comparisons of a report are corrected together.
#include <gtest/gtest.h>

#include <algorithm>

#include "reports/comparison.h"
#include "reports/curves.h"
#include "tests/compared_runs.h"

namespace aigis {
namespace {

// Who is ahead without an attack is more accurate, which takes nothing from the certainty of who is more robust.
TEST(Comparisons, WithoutAnAttackAreAFamilyOfTheirOwn) {
  const auto all_but = [](size_t wrong) {
    std::vector<int64_t> hits(40, 1);
    std::fill_n(hits.begin(), wrong, 0);
    return hits;
  };
  const Json runs{run("a", 0), run("a", 0.1), run("b", 0), run("b", 0.1)};
  const Json list = comparisons_json(runs, {all_but(8), all_but(6), all_but(0), all_but(0)});
  ASSERT_EQ(list.size(), 2u);
  for (const Json& entry : list) {
    EXPECT_EQ(entry["p_holm"].get<double>(), entry["p"].get<double>());
    EXPECT_EQ(entry["more_robust"].get<std::string>(), "b");
  }
  const std::string text = decided_in(
      {{"schema", "aigis-report"}, {"models", {{{"id", "a"}}, {{"id", "b"}}}}, {"runs", runs}, {"comparisons", list}});
  EXPECT_NE(text.find("1 of 1 comparisons of models without an attack are decided (5 %, Holm):\n"
                      "  b more accurate than a: no defense: +20.00 points"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("  b more robust than a: fgsm, no defense, epsilon 25.5/255: +15.00 points"), std::string::npos)
      << text;
  EXPECT_EQ(text.find("no attack"), std::string::npos) << text;
}

// It rules a claim, however many attacks there are.
TEST(Comparisons, UnderTheWorstCaseAreAFamilyOfTheirOwn) {
  Json runs = Json::array();
  std::vector<std::vector<int64_t>> hits;
  for (const char* model : {"a", "b"}) {
    for (const char* attack : {"fgsm", "pgd", "worst-case"}) {
      for (const double epsilon : {0.1, 0.2}) {
        runs.push_back(run(model, epsilon, attack));
        hits.emplace_back(40, 1);
        if (model == std::string("a")) std::fill_n(hits.back().begin(), 7, 0);
      }
    }
  }
  const auto corrected = [&](const Json& list, const char* a, const auto& attack_of) {
    for (const Json& entry : list) {
      const bool is_worst = attack_of(entry[a].get<size_t>()) == "worst-case";
      const double of_family = static_cast<double>(list.size()) / 3 * (is_worst ? 1 : 2);
      EXPECT_NEAR(entry["p_holm"].get<double>(), of_family * entry["p"].get<double>(), 1e-12) << entry;
      EXPECT_EQ(entry["more_robust"].is_null(), entry["p_holm"] >= 0.05) << entry;
    }
  };
  const Json list = comparisons_json(runs, hits);
  ASSERT_EQ(list.size(), 6u);
  const auto attack_of = [&](size_t r) { return runs[r]["attack"]["name"].get<std::string>(); };
  corrected(list, "run_a", attack_of);
  Json report{{"runs", runs}};
  add_curves(report, hits, std::vector<std::vector<int64_t>>(runs.size(), std::vector<int64_t>(40, 1)));
  ASSERT_EQ(report["curve_comparisons"].size(), 3u);
  corrected(report["curve_comparisons"], "curve_a",
            [&](size_t curve) { return attack_of(report["curves"][curve]["runs"][0].get<size_t>()); });
}

}  // namespace
}  // namespace aigis
