// An attack on gates that does less within a larger budget is told so.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/gated_report.h"

namespace aigis {
namespace {

/// Within a large budget it brightens less than within a small one.
class Receding : public Brightening {
 public:
  using Brightening::Brightening;
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override {
    std::vector<double> lengths;
    for (const double epsilon : epsilons) lengths.push_back(epsilon > 0.03 ? 0.005 : epsilon);
    return Brightening::propose(victim, batch, norm, lengths);
  }
};

/// Budgets at which the flag is raised, in the order of the report.
std::vector<double> told(const Json& report) {
  std::vector<double> budgets;
  for (const Json& run : report["runs"]) {
    for (const Json& flag : run["flags"]) {
      if (flag["check"] == "grows-with-budget") budgets.push_back(run["epsilon"]);
    }
  }
  return budgets;
}

std::string level(const Json& report) {
  for (const Json& check : report["checks"]) {
    if (check["check"] == "grows-with-budget") return check["level"];
  }
  return "";
}

TEST(GrowsWithBudget, WhatDoesLessWithinMoreIsTold) {
  const Json report = gated_report({std::make_shared<Receding>(Aim::more_compute)}, {0.002, 0.02, 0.04, 0.06});
  EXPECT_EQ(told(report), (std::vector<double>{0.04, 0.06}));
  EXPECT_EQ(level(report), "undecided");
  const Json& flag = report["runs"].back()["flags"].back();
  EXPECT_EQ(flag["numbers"]["smaller"], 0.02) << "the budget within which it did most";
  EXPECT_EQ(flag["message"].get<std::string>().find("does less than within 0.02: executed multiply-accumulates"), 0u);
}

TEST(GrowsWithBudget, WhatDoesAsMuchPasses) {
  const Json report = gated_report(
      {std::make_shared<Brightening>(Aim::more_compute), idle(Aim::less_compute), make_attack("gate-sloth")},
      {0, 0.01, 0.02, 0.04});
  EXPECT_TRUE(told(report).empty());
  EXPECT_EQ(level(report), "passed");
}

TEST(GrowsWithBudget, FewerThanEightImagesTellNothing) {
  const auto graph = std::make_shared<Idle>(Aim::graph, 0);
  EXPECT_EQ(level(gated_report({graph}, {0.01, 0.02}, std::make_shared<Gated>(), false, 8)), "undecided")
      << "images of the class itself do not count";
  for (const auto& [images, said] : {std::pair<int64_t, const char*>{7, "undecided"}, {8, "passed"}}) {
    EXPECT_EQ(level(gated_report({idle(Aim::more_compute)}, {0.01, 0.02}, std::make_shared<Gated>(), false, images)),
              said);
  }
}

TEST(GrowsWithBudget, ItIsNoMatterOfNoiseOrOfAnswersAlone) {
  EXPECT_EQ(level(gated_report({noise(), make_attack("noise:best_of=3,by=open"), make_attack("pgd"),
                                std::make_shared<Receding>(Aim::wrong_answer)},
                               {0.01, 0.06})),
            "");
  EXPECT_EQ(level(gated_report({std::make_shared<Receding>(Aim::more_compute)}, {0.06})), "") << "one budget";
}

}  // namespace
}  // namespace aigis
