// The page's table of claims: what leads under one attack is held against the worst of all.
#include <fmt/format.h>

#include <cmath>

#include "reports/plot/plot.h"
#include "tests/figures.h"

namespace aigis {
namespace {

constexpr const char* kResNet = "models/resnet-20.safetensors";
constexpr const char* kAig = "models/aig-20.safetensors:gates=argmax";

/// A report of both models under FGSM, PGD and the worst of both; who leads under each, and who raises a check.
struct Report {
  Json json;

  explicit Report(const std::string& epsilons = "8") : json(sample("--attacks fgsm,pgd --epsilons " + epsilons)) {
    json["comparisons"] = json["checks"] = json["curves"] = json["curve_comparisons"] = Json::array();
    json["config"]["checks"] = "full";
    const Json attacked = json["runs"];
    for (Json worst : attacked) {
      if (worst["attack"]["name"] != "pgd") continue;
      worst["attack"] = {{"name", "worst-case"}, {"options", {{"attacks", {"fgsm", "pgd"}}}}};
      json["runs"].push_back(worst);
    }
  }
  size_t run_of(const std::string& model, const std::string& attack, int levels = 8) const {
    const Json& runs = json["runs"];
    for (size_t i = 0; i < runs.size(); ++i) {
      if (runs[i]["model"] == model && runs[i]["attack"]["name"] == attack && runs[i]["defense"]["name"] == "none" &&
          std::lround(255 * runs[i]["epsilon"].get<double>()) == levels) {
        return i;
      }
    }
    throw std::runtime_error("no run of " + model);
  }
  void compare(const char* attack, const Json& leader, double difference, int levels = 8) {
    json["comparisons"].push_back({{"run_a", run_of(kResNet, attack, levels)},
                                   {"run_b", run_of(kAig, attack, levels)},
                                   {"difference", difference},
                                   {"ci95", {difference - 0.01, difference + 0.01}},
                                   {"p", 0.001},
                                   {"p_holm", 0.001},
                                   {"more_robust", leader}});
  }
  void check(const char* model, const char* check, const char* level, const Json& smallest_effect = nullptr) {
    json["checks"].push_back({{"check", check},
                              {"level", level},
                              {"message", "m"},
                              {"numbers", {{"gained", 0}}},
                              {"count", 9},
                              {"smallest_effect", smallest_effect},
                              {"runs", {run_of(model, "pgd")}}});
  }
};

/// Claim, attacks under which it holds and does not, the worst case, checks (in brackets those that are undecided), and
/// what becomes of it.
std::vector<std::string> rows(const Report& report) {
  const std::string cell = "<td[^>]*>([^<]*(?:<small>[^<]*</small>)?)</td>";
  const std::string html = render_html({report.json});
  std::vector<std::string> found;
  for (const auto& row : matches(html, "<tr><th scope=\"row\">([^<]* over [^<]*)</th>" + cell + cell + cell + cell +
                                           cell + cell + cell + cell)) {
    const std::string open = row[9].str() == "–" ? "" : " (" + row[9].str() + ")";
    found.push_back(fmt::format("{}: {} | {} | {} | {}{} | {}", row[1].str(), row[6].str(), row[7].str(), row[5].str(),
                                row[8].str(), open, row[2].str()));
  }
  return found;
}

using Rows = std::vector<std::string>;

TEST(StandingTable, AClaimOfOneAttackFallsUnderTheWorst) {
  Report report;
  report.compare("fgsm", kAig, -0.1);
  report.compare("pgd", nullptr, 0);
  report.compare("worst-case", nullptr, 0.002);
  EXPECT_EQ(rows(report),
            (Rows{"aig-20 gates=argmax over resnet-20: fgsm | pgd | -0.2 <small>[-1.2, +0.8]</small> | – | "
                  "✗ does not stand"}));
}

TEST(StandingTable, AClaimStandsUntilACheckIsRaised) {
  Report report;
  report.compare("fgsm", kAig, -0.1);
  report.compare("pgd", kAig, -0.2);
  report.compare("worst-case", kAig, -0.15);
  report.check(kResNet, "one-step", "warning");  // of the other model
  report.check(kAig, "longer", "undecided");
  const std::string claim =
      "aig-20 gates=argmax over resnet-20: fgsm, pgd | – | +15.0 <small>[+14.0, +16.0]</small> | ";
  EXPECT_EQ(rows(report), (Rows{claim + "– (undecided: longer) | (✓) stands as far as its checks could see"}));
  Report unexamined = report;
  unexamined.json["config"]["checks"] = "basic";
  EXPECT_EQ(rows(unexamined), (Rows{claim + "– (undecided: longer) | ? leads, but full checks were not made"}));
  Report broken = report;
  broken.check(kResNet, "clean-accuracy", "error");
  EXPECT_EQ(rows(broken),
            (Rows{claim + "clean-accuracy of the other (undecided: longer) | ? stands if its checks are answered"}));
  report.check(kAig, "one-step", "warning");
  EXPECT_EQ(rows(report), (Rows{claim + "one-step (undecided: longer) | ? stands if its checks are answered"}));
}

// Where gates draw: a worst case is chosen by draws that may have been lucky, and judged by others.
TEST(StandingTable, AnAttackThatIsStrongerThanTheWorstCaseHasToAgree) {
  Report report;
  report.compare("fgsm", kAig, -0.1);
  report.compare("pgd", nullptr, 0);
  report.compare("worst-case", kAig, -0.15);
  const auto leaves = [&](const char* attack, double share) {
    report.json["runs"][report.run_of(kAig, attack)]["accuracy"]["robust"]["value"] = share;
  };
  leaves("worst-case", 0.5);
  leaves("pgd", 0.6);
  leaves("fgsm", 0.4);
  const std::string claim =
      "aig-20 gates=argmax over resnet-20: fgsm | pgd | +15.0 <small>[+14.0, +16.0]</small> | – | ";
  EXPECT_EQ(rows(report), Rows{claim + "✓ stands"}) << "PGD is weaker, and FGSM agrees";
  leaves("pgd", 0.45);
  EXPECT_EQ(rows(report), Rows{claim + "✗ does not stand"});
}

// What a claim at one budget owes to checks at another it does not have.
TEST(StandingTable, ACheckOfAnotherBudgetIsNotMadeHere) {
  Report report("2,8");
  for (const int levels : {2, 8}) {
    for (const char* attack : {"fgsm", "pgd", "worst-case"}) report.compare(attack, kAig, -0.15, levels);
  }
  report.check(kAig, "noise", "passed", 0.05);
  const std::string claim =
      "aig-20 gates=argmax over resnet-20: fgsm, pgd | – | +15.0 <small>[+14.0, +16.0]</small> | – ";
  EXPECT_EQ(rows(report), (Rows{claim + "| ✓ stands",
                                claim + "(made at 8/255 alone: noise) | (✓) stands as far as its checks could see"}));
  report.json["checks"][0]["runs"].push_back(report.run_of(kAig, "pgd", 2));
  EXPECT_EQ(rows(report), Rows(2, claim + "| ✓ stands"));
}

TEST(StandingTable, ACheckOfFewImagesLeavesAClaimOpen) {
  Report report;
  for (const char* attack : {"fgsm", "pgd", "worst-case"}) report.compare(attack, kAig, -0.15);
  report.check(kAig, "noise", "passed", 0.2);
  report.check(kAig, "transfer", "passed", 0.6875);
  report.check(kAig, "relaxed-mismatch", "passed", 0.5);
  report.json["checks"].back()["numbers"] = {{"share_differs", 0.1}};
  EXPECT_EQ(rows(report),
            (Rows{"aig-20 gates=argmax over resnet-20: fgsm, pgd | – | +15.0 <small>[+14.0, +16.0]</small> | – (could "
                  "not have seen a fifth of the sample fall: transfer) | (✓) stands as far as its checks could see"}));
}

TEST(StandingTable, TheOtherModelMayLeadUnderTheWorst) {
  Report report;
  report.compare("fgsm", kAig, -0.1);
  report.compare("pgd", kResNet, 0.2);
  report.compare("worst-case", kResNet, 0.2);
  EXPECT_EQ(rows(report),
            (Rows{"resnet-20 over aig-20 gates=argmax: pgd | fgsm | +20.0 <small>[+19.0, +21.0]</small> | – | ✓ stands",
                  "aig-20 gates=argmax over resnet-20: fgsm | pgd | -20.0 <small>[-21.0, -19.0]</small> | – | "
                  "✗ the reverse holds"}));
  EXPECT_NE(render_html({report.json}).find("<p>2 claims: 1 ✓ stands, 1 ✗ the reverse holds.</p>"), std::string::npos);
}

TEST(StandingTable, WithoutAWorstCaseNothingIsRuled) {
  Report report;
  report.compare("fgsm", kAig, -0.1);
  EXPECT_EQ(rows(report), (Rows{"aig-20 gates=argmax over resnet-20: fgsm | – | – | – | ? no worst case was judged"}));
}

TEST(StandingTable, TransferClaimsNothing) {
  Report report;
  report.compare("fgsm", kAig, -0.1);
  for (const size_t run : {report.run_of(kResNet, "fgsm"), report.run_of(kAig, "fgsm")}) {
    report.json["runs"][run]["access"] = "transfer:other";
  }
  EXPECT_EQ(rows(report), Rows{});
}

TEST(StandingTable, WithoutAnAttackAModelIsMoreAccurateAndClaimsNothing) {
  Report report("0,8");
  report.compare("pgd", kAig, -0.1, 0);
  EXPECT_EQ(rows(report), Rows{});
  const std::string html = render_html({report.json});
  EXPECT_NE(html.find("1 of 1 comparisons of two models on the same images without an attack are decided"),
            std::string::npos);
  EXPECT_NE(html.find("<th scope=\"col\">More accurate</th>"), std::string::npos);
  EXPECT_EQ(html.find("<th scope=\"col\">More robust</th>"), std::string::npos);
}

TEST(StandingTable, IsLeftOutWhereNobodyLeads) {
  Report report;
  report.compare("fgsm", nullptr, 0);
  EXPECT_EQ(render_html({report.json}).find("Which claims stand"), std::string::npos);
}

// A curve may be undecided where a budget is not, so each is a claim of its own.
TEST(StandingTable, HoldsWholeCurvesAndSingleBudgets) {
  const std::string html = render_html({sample("--epsilons 2,8")});
  const auto budgets =
      matches(html, "<tr><th scope=\"row\">[^<]* over [^<]*</th><td[^>]*>[^<]*</td><td>[^<]*</td><td>([^<]*)</td>");
  ASSERT_EQ(budgets.size(), 2);
  EXPECT_EQ(budgets[0][1].str(), "0 to 8/255");
  EXPECT_EQ(budgets[1][1].str(), "2/255");
}

// Of more than two models a matrix says who leads whom over all budgets, before the rows tell why.
TEST(StandingTable, ThreeModelsGetAMatrix) {
  Json report = sample("--epsilons 2,8");
  ASSERT_EQ(report["models"].size(), 3);
  const std::string html = render_html({report});
  const auto claim = matches(html,
                             "<tr><th scope=\"row\">[^<]* over [^<]*</th><td[^>]*>([^ ]*) [^<]*</td><td>[^<]*</td>"
                             "<td>0 to 8/255</td><td class=\"number\">(.*?)</td>");
  ASSERT_EQ(claim.size(), 1);
  const auto cells =
      matches(html, "<td class=\"[a-z]+\" title=\"(?:stands|no worst|does not|the reverse)[^\"]*\">(.*?)</td>");
  ASSERT_EQ(cells.size(), 1) << "one claim over all budgets";
  EXPECT_EQ(cells[0][1].str(), claim[0][1].str() + " " + claim[0][2].str());
  report["models"].erase(2);
  EXPECT_EQ(render_html({report}).find("class=\"standing\""), std::string::npos) << "two models need none";
}

}  // namespace
}  // namespace aigis
