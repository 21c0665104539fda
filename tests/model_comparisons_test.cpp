// Which models of a report are compared, and what is decided.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "reports/comparison.h"
#include "reports/curves.h"
#include "reports/decided_text.h"

namespace aigis {
namespace {

Json run(const char* model, double epsilon, const char* attack = "fgsm", const char* access = "white-box") {
  return {{"model", model},
          {"attack", {{"name", attack}, {"options", Json::object()}}},
          {"defense", {{"name", "none"}}},
          {"access", access},
          {"epsilon", epsilon},
          {"norm", "linf"},
          {"accuracy", {{"draws", 1}}}};
}

std::string decided_in(const Json& report) { return decided_text(plotting::join_runs({&report, 1})); }

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
