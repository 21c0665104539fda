// The page's table of checks says of each what the report says.
#include <fmt/format.h>

#include "reports/plot/plot.h"
#include "reports/report_table.h"
#include "tests/figures.h"

namespace aigis {
namespace {

TEST(ChecksTable, MarksEachLevelAndTellsWhatWasNotPassed) {
  const std::string html = render_html({sample("--epsilons 2,8")});
  const auto cell = [&](const std::string& check) {
    const auto found = matches(html, "<th scope=\"row\">" + check + "</th><td class=\"([a-z]+)\"[^>]*>([^<]*)<");
    return found.empty() ? std::string() : found[0][1].str() + " " + found[0][2].str();
  };
  EXPECT_EQ(cell("noise"), "passed ✓ ");
  EXPECT_EQ(cell("longer"), "undecided ? ");
  EXPECT_EQ(cell("one-step"), "warning ✗ ");
  EXPECT_EQ(cell("clean-accuracy"), "error ✗ ");
  EXPECT_NE(html.find("one-step, resnet-20</b>: fgsm breaks &lt;9&gt; of them"), std::string::npos);
  EXPECT_EQ(html.find(">noise, resnet-20</b>"), std::string::npos) << "what passed is in the table alone";
  EXPECT_NE(html.find("0 of 1 claims"), std::string::npos);
}

TEST(PrintedReport, TellsChecksByModelAndFlagsOfRunsByKind) {
  Json report = sample("--attacks pgd");
  report["runs"][1]["flags"].push_back(report["checks"][0]);  // that the check tells already
  report["checks"][1]["check"] = "gradients";
  report["runs"][2]["flags"].push_back(
      {{"check", "zero-gradient"}, {"level", "warning"}, {"message", "m"}, {"numbers", Json::object()}});
  const std::string text = report_table(report);
  EXPECT_NE(text.find("\nchecks of resnet-20: "), std::string::npos) << text;
  constexpr const char* kRounding =
      "\n  info: rounded to 8 bits, some images are right again (rounding, 3 of 81 runs; told of the first)\n";
  EXPECT_NE(text.find(kRounding), std::string::npos) << text;
  EXPECT_EQ(text.find("(zero-gradient,"), std::string::npos) << text;
  EXPECT_EQ(text.find(fmt::format("({},", report["checks"][0]["check"].get<std::string>())), std::string::npos) << text;
}

// Of two reports on the same model the one that raised something is shown, whatever the order.
TEST(ChecksTable, WhatOneReportRaisesStays) {
  Json raised = sample("--epsilons 2,8"), passed = raised;
  for (Json& check : passed["checks"]) check["level"] = "passed";
  Json undecided = passed;
  for (Json& check : undecided["checks"]) check["level"] = "undecided";
  for (const auto& files : {std::vector<Json>{raised, passed}, {passed, raised}, {undecided, raised}}) {
    EXPECT_NE(render_html(files).find("0 of 1 claims"), std::string::npos);
  }
  EXPECT_NE(render_html({passed}).find("1 of 1 claims"), std::string::npos);
}

TEST(ChecksTable, TellsTwoStrengthsOfADefenseApart) {
  Json report = sample("--epsilons 2,8");
  Json& runs = report["runs"];
  Json& first = runs[2];  // behind JPEG
  ASSERT_EQ(first["defense"]["name"], "jpeg");
  Json stronger = first;
  stronger["defense"]["options"]["quality"] = 50;
  runs.push_back(stronger);
  report["checks"] = {report["checks"][0], report["checks"][0]};
  report["checks"][0]["runs"] = {2};
  report["checks"][1]["runs"] = {runs.size() - 1};
  report["checks"][1]["level"] = "warning";
  const std::string html = render_html({Json::parse(report.dump())});
  EXPECT_NE(html.find("1 of 2 claims"), std::string::npos);
  EXPECT_NE(html.find("jpeg quality=50</th>"), std::string::npos);
}

TEST(ChecksTable, IsLeftOutWhereThereIsNone) {
  Json earlier = sample("--epsilons 2,8");
  earlier.erase("checks");
  EXPECT_EQ(render_html({earlier}).find("id=\"checks\""), std::string::npos);
}

}  // namespace
}  // namespace aigis
