// A report's text holds its own hash, and its version, the last that its schema tells of.
#include "reports/report_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <tuple>

#include "reports/report_version.h"
#include "tests/sample_report.h"

namespace aigis {
namespace {

TEST(ReportText, HoldsAHashThatNoChangedByteAgreesWith) {
  Json report = sample("--epsilons ''");
  report["text_sha256"] = kNoTextHash;
  const std::string text = report_text(report);
  const std::string key = "text_sha256";
  const size_t place = text.find(key);
  ASSERT_EQ(said_hash(text), Json::parse(text)[key].get<std::string>());
  EXPECT_EQ(text_hash(text, *said_hash(text)), *said_hash(text));
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const std::optional<std::string> said = said_hash(changed);
    ASSERT_EQ(said.has_value(), i < place || i >= place + key.size()) << "byte " << i;
    ASSERT_TRUE(!said || text_hash(changed, *said) != *said) << "byte " << i;
  }
  EXPECT_EQ(said_version(text), report["version"].get<std::string>());
  EXPECT_EQ(said_version(text.substr(0, place)), said_version(text));
  EXPECT_FALSE(said_version(report.dump()));
  EXPECT_FALSE(said_version(""));
  EXPECT_FALSE(said_hash(""));
  EXPECT_FALSE(said_hash("{\"text_sha256"));
}

/// The last minor version that a schema says something of.
int64_t last_minor_told(const std::string& schema) {
  const std::string text = read_file(fmt::format("{}/reports/schema/{}.schema.json", AIGIS_SOURCE_DIR, schema));
  const std::regex version(R"(\b([Ss]ince|before) 1\.(\d+))");
  int64_t last = 0;
  for (std::sregex_iterator told(text.begin(), text.end(), version), end; told != end; ++told) {
    last = std::max<int64_t>(last, std::stoll((*told)[2]));
  }
  return last;
}

TEST(ReportVersion, IsTheLastThatItsSchemaTellsOf) {
  for (const auto& [schema, written, arguments] : {std::tuple{"report", kReportVersion, ""},
                                                   {"train", kTrainVersion, "--train"},
                                                   {"inspect", kInspectVersion, "--inspect"}}) {
    EXPECT_EQ(written.minor, last_minor_told(schema)) << schema;
    EXPECT_EQ(sample(arguments)["version"], written.text()) << schema;
  }
}

}  // namespace
}  // namespace aigis
