// Reports are refused for what is wrong with them, and accepted otherwise.
#include "reports/schema.h"

#include <gtest/gtest.h>

#include "lib/core/error.h"
#include "reports/report_version.h"
#include "tests/sample_report.h"

namespace aigis {
namespace {

/// The complaint about a report; empty if there is none.
std::string complaint(const Json& report) {
  try {
    validate_report(report, "some.json");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Schema, AcceptsSamples) {
  EXPECT_EQ(complaint(sample()), "");
  EXPECT_EQ(complaint(sample("--epsilons ''")), "");
  EXPECT_EQ(complaint(sample("--attacks pgd --layers 54 --epsilons 8")), "");
  EXPECT_EQ(complaint(sample("--train")), "");
  EXPECT_EQ(complaint(sample("--train --layers 0")), "");
  EXPECT_EQ(complaint(sample("--inspect")), "");
  EXPECT_EQ(complaint(sample("--inspect --classes 3 --layers 54")), "");
}

/// A value put at a pointer (or, with "remove", taken away), and what the complaint must say.
struct Breakage {
  std::string pointer, value;
  std::vector<std::string> says;
};

void expect_refused(const Json& good, const std::vector<Breakage>& list) {
  for (const auto& breakage : list) {
    Json broken = good;
    const Json::json_pointer pointer(breakage.pointer);
    if (breakage.value == "remove") broken.at(pointer.parent_pointer()).erase(pointer.back());
    else broken[pointer] = Json::parse(breakage.value);
    const std::string message = complaint(broken);
    EXPECT_EQ(message.find("some.json: "), 0u) << breakage.pointer << " " << breakage.value << ": " << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    for (const auto& part : breakage.says) {
      EXPECT_NE(message.find(part), std::string::npos) << breakage.pointer << ": " << message << "\nlacks " << part;
    }
  }
}

TEST(Schema, NamesWhatIsWrongInAReport) {
  expect_refused(
      sample("--attacks pgd"),
      {{"/schema", "\"aigis-rapport\"", {"/schema", "aigis-rapport", "aigis-report, aigis-train"}},
       {"/schema", "remove", {"aigis-report, aigis-train"}},
       {"/schema", "1", {"aigis-report, aigis-train"}},
       {"/version", "\"2.0\"", {"/version", "'2.0'", "reads 1.x"}},
       {"/version", "\"10.0\"", {"/version", "'10.0'", "reads 1.x"}},
       {"/version", "\"1.x\"", {"/version", "matches"}},
       {"/version", "1", {"/version"}},
       {"/text_sha256", "\"xyz\"", {"/text_sha256", "[0-9a-f]{64}"}},
       {"/models", "remove", {"\"models\" is missing"}},
       {"/runs/0/accuracy/robust", "remove", {"/runs/0/accuracy", "\"robust\" is missing"}},
       {"/runs/0/accuracy/robust/value", "1.2", {"/runs/0/accuracy/robust/value", "number from 0 to 1", "got 1.2"}},
       {"/runs/0/accuracy/clean/ci95/1", "-0.1", {"/runs/0/accuracy/clean/ci95/1", "from 0 to 1", "got -0.1"}},
       {"/runs/0/accuracy/clean/ci95", "[0.1]", {"/runs/0/accuracy/clean/ci95", "2 items"}},
       {"/runs/0/accuracy/clean/value", "\"high\"", {"/runs/0/accuracy/clean/value", "number", "got \"high\""}},
       {"/runs/0/accuracy/clean/value", "null", {"/runs/0/accuracy/clean/value", "number", "got null"}},
       {"/runs/0/accuracy/clean/ci95", "null", {"/runs/0/accuracy/clean/ci95", "[low, high]", "got null"}},
       {"/runs/0/accuracy/convention", "\"best\"", {"\"mean\", \"majority\", \"any\""}},
       {"/runs/0/epsilon", "-1", {"/runs/0/epsilon", "at least 0", "got -1"}},
       {"/runs/0/norm", "\"linfinity\"", {"/runs/0/norm", "\"linf\", \"l2\", \"l1\""}},
       {"/runs/0/access", "\"black-box\"", {"/runs/0/access", "grey-box"}},
       {"/runs/0/near_ties", "1.5", {"/runs/0/near_ties", "integer"}},
       {"/runs/0/epsilom", "1", {"/runs/0", "unknown key 'epsilom'; did you mean 'epsilon'?"}},
       {"/runs/0/flags",
        "[{\"check\": \"a\", \"level\": \"fatal\", \"message\": \"b\", \"numbers\": {}}]",
        {"/runs/0/flags/0/level", "\"info\", \"warning\", \"error\""}},
       {"/runs/0/flags",
        "[{\"check\": \"a\", \"level\": \"info\", \"message\": \"b\", \"numbers\": {\"n\": \"1\"}}]",
        {"/runs/0/flags/0/numbers/n", "number, or null"}},
       {"/runs/30/gates/before/per_layer/3", "1.5", {"/runs/30/gates/before/per_layer/3", "from 0 to 1"}},
       {"/runs/30/gates/before/per_class/2/0", "-0.5", {"/runs/30/gates/before/per_class/2/0", "from 0 to 1"}},
       {"/models/1/gates/mode", "\"random\"", {"/models/1/gates/mode", "\"sampled\""}},
       {"/models/1/checkpoint/sha256", "\"xyz\"", {"/models/1/checkpoint/sha256", "[0-9a-f]{64}"}},
       {"/checks/0/smallest_effect", "7", {"/checks/0/smallest_effect", "expected number from 0 to 1 or null, got 7"}},
       {"/data/split", "\"validation\"", {"/data/split", "\"held_out\""}},
       {"/runs", "{}", {"/runs", "array"}}});
}

TEST(Schema, NamesPartsThatDoNotFitEachOther) {
  expect_refused(
      sample(),
      {{"/runs/3/model", "\"vgg\"", {"/runs/3/model", "\"vgg\" is no id of models[]"}},
       {"/models/1/id", "\"models/resnet-20.safetensors\"", {"/models/1/id", "twice"}},
       {"/models/1/gates/layers", "[]", {"/models/1/gates/layers", "expected 9 items", "got 0"}},
       {"/runs/30/gates/after/per_layer", "[1, 1]", {"/runs/30/gates/after/per_layer", "expected 9", "got 2"}},
       {"/runs/30/gates/after/per_class", "[]", {"/runs/30/gates/after/per_class", "expected 10", "got 0"}},
       {"/runs/30/gates/after/per_class/4", "[0.5]", {"/runs/30/gates/after/per_class/4", "expected 9", "got 1"}},
       {"/runs/30/gates/executed_layers_histogram/after", "[1]", {"executed_layers_histogram/after", "expected 10"}},
       {"/runs/30/gates/executed_layers_histogram/after/0",
        "7000",
        {"executed_layers_histogram/after", "expected 1000 passes, as many as images times draws"}},
       {"/runs/30/gates/executed_layers_histogram/before",
        "[1000, 0, 0, 0, 0, 0, 0, 0, 0, 0]",
        {"executed_layers_histogram/before", "executed layers, as per_layer has them, got 0"}},
       {"/curves/0/runs/1", "1000", {"/curves/0/runs", "1000 is no index of runs"}},
       {"/curves/0/mean_accuracy/value", "0.5", {"/curves/0/mean_accuracy/ci95", "low <= 0.5 <= high"}},
       {"/curve_comparisons/0/difference/value",
        "0.01",
        {"/curve_comparisons/0/difference/ci95", "low <= 0.01 <= high, got [-0.07, -0.03]"}},
       {"/curve_comparisons/0/more_robust",
        "\"models/resnet-20.safetensors\"",
        {"/curve_comparisons/0/more_robust", "expected \"models/aig-20.safetensors:gates=argmax\" by p_holm"}},
       {"/comparisons/0/more_robust", "\"vgg\"", {"/comparisons/0/more_robust", "[0.012, 0.05], got \"vgg\""}},
       {"/comparisons/1/more_robust",
        "\"models/resnet-20.safetensors\"",
        {"/comparisons/1/more_robust", "expected null", "[-0.02, 0.016], got"}},
       {"/comparisons/0/difference", "0.9", {"/comparisons/0/ci95", "low <= 0.9 <= high"}},
       {"/runs/27/gates/swap/damage/graph/value", "0.5", {"/swap/damage/graph/ci95", "low <= 0.5 <= high"}},
       {"/runs/27/gates/swap/clean_on_adversarial_gates/value",
        "0.5",
        {"/runs/27/gates/swap/clean_on_adversarial_gates/ci95"}},
       {"/runs/30/gates", "null", {"/runs/30/gates", "has gates"}},
       {"/runs/0/accuracy/clean/ci95",
        "[0.1, 0.95]",
        {"/runs/0/accuracy/clean/ci95", "Wilson's interval", "got [0.1, 0.95]"}},
       {"/runs/30/gates/after/mean", "0.1", {"/runs/30/gates/after/mean", "expected the mean of per_layer", "got 0.1"}},
       {"/runs/0/accuracy/clean/ci95", "[0.9, 0.95]", {"/runs/0/accuracy/clean/ci95", "low <= 0.87 <= high"}},
       {"/runs/0/accuracy/clean/successes", "12", {"/runs/0/accuracy/clean/successes", "870", "got 12"}}});
}

TEST(Schema, NamesWhatIsWrongInATrainingRecord) {
  expect_refused(sample("--train"),
                 {{"/version", "\"2.1\"", {"/version", "'2.1'"}},
                  {"/hashes", "remove", {"\"hashes\" is missing"}},
                  {"/hashes/model.safetensors", "\"\"", {"/hashes/model.safetensors", "[0-9a-f]{64}"}},
                  {"/curve/2/train_accuracy", "87", {"/curve/2/train_accuracy", "from 0 to 1", "got 87"}},
                  {"/curve/2/epoch", "0", {"/curve/2/epoch", "at least 1"}},
                  {"/curve/2/rates", "[0.5]", {"/curve/2/rates", "expected 9", "got 1"}},
                  {"/curve/2/lr", "0.1", {"/curve/2", "unknown key 'lr'"}},
                  {"/final/held_out/argmax/value", "true", {"/final/held_out/argmax/value", "number"}}});
}

TEST(Schema, AcceptsLaterMinorVersionsAndAbsentNumbers) {
  Json report = sample();
  report["version"] = SchemaVersion{kReportVersion.major, kReportVersion.minor + 1}.text();
  report["runs"][0]["images_per_second"] = nullptr;
  report["runs"][0]["macs"] = nullptr;
  report["models"][0]["checkpoint"] = nullptr;
  report["runs"][0]["accuracy"]["clean"] = {{"value", nullptr}, {"successes", 0}, {"trials", 0}, {"ci95", nullptr}};
  EXPECT_EQ(complaint(report), "");
}

TEST(Schema, ReadsFilesAndRefusesBrokenOnes) {
  const std::string path = scratch("read_report.json"), text = sample().dump();
  const auto refusal = [&](const std::string& content) -> std::string {
    write_file(path, content);
    try {
      read_report(path);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal(text), "");
  EXPECT_EQ(refusal(text.substr(0, text.size() / 2)), path + ": not JSON: it ends too early");
  EXPECT_EQ(refusal(""), path + ": not JSON: it ends too early");
  EXPECT_EQ(refusal("{\"schema\": nonsense}"), path + ": not JSON: at byte 13");
  EXPECT_NE(refusal("[]").find("not a file of aigis"), std::string::npos);
  EXPECT_THROW(read_report(path + ".absent"), InputError);
}

TEST(Schema, NamesWhatIsWrongInAnInspection) {
  expect_refused(
      sample("--inspect"),
      {{"/version", "\"2.0\"", {"/version", "'2.0'", "1.x"}},
       {"/models", "[]", {"/models", "array of 1 items"}},
       {"/models/1/execution", "null", {"/models/1/execution", "missing", "has gates"}},
       {"/models/0/gates/count", "3", {"/models/0/gates/layers", "expected 3 items"}},
       {"/models/1/execution/histogram", "[1, 2]", {"/models/1/execution/histogram", "expected 10 items"}},
       {"/models/1/execution/histogram/0", "9000", {"/models/1/execution/histogram", "expected 5000 passes"}},
       {"/models/1/execution/per_class/2", "[0.5]", {"/per_class/2", "expected 9 items"}},
       {"/models/1/execution/adaptivity", "[]", {"/models/1/execution/adaptivity", "expected 9 items"}},
       {"/models/1/execution/extremes/0/most/0/jpeg", "\"<svg>\"", {"/jpeg", "matches"}},
       {"/models/1/modes/1/accuracy/ci95", "[0.1, 0.2]", {"/models/1/modes/1/accuracy/ci95"}}});
}

}  // namespace
}  // namespace aigis
