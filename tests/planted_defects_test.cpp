// Planted defects: each raises the check that is named for it, and those that are documented.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <tuple>

#include "lib/core/files.h"
#include "lib/core/text.h"
#include "lib/eval/bf16_gradients.h"
#include "tests/evaluation.h"
#include "tests/planted_gates.h"

namespace aigis {
namespace {

std::vector<std::pair<Case, std::string>> planted_defects() {
  const auto attack = [](Planted::Act act) { return std::make_shared<Planted>(std::move(act)); };
  Dataset shifted = patterned();
  shifted.labels = (shifted.labels + 1).remainder(kClasses);
  return {
      {{"scaled-up logits", std::make_shared<ScaledUp>()}, "gradients"},
      {{"rounding of the input", std::make_shared<RoundsItsInput>()}, "gradients"},
      {{"a gradient of the wrong sign", std::make_shared<TurnsItsGradient>()}, "uphill"},
      {{"a gradient with two signs of five wrong", std::make_shared<TurnsPartOfItsGradient>()}, "uphill"},
      {{"a gradient of ripples", std::make_shared<Shatters>()}, "uphill"},
      {{"added noise", std::make_shared<AddsNoise>()}, "randomness"},
      {{"gradients of too few bits", std::make_shared<Bf16Gradients>(std::make_shared<Cancels>())}, "bf16-gradients"},
      {{"argmax gates by integer index", std::make_shared<DecidesByIndex>()}, "gate-gradients"},
      {{"a gate that drowns the features", std::make_shared<DrownsFeatures>()}, "gate-aware"},
      {{"soft gates that turn the answer over", std::make_shared<NeedsHardGates>()}, "relaxed-mismatch"},
      {{.name = "JPEG without BPDA", .defense = std::make_shared<BlindJpeg>()}, "bpda"},
      {{.name = "an attack with a wrong sign", .attack = attack([](Victim& victim, const Batch& batch, double epsilon) {
                                                 return (batch.images - epsilon * signs(victim, batch)).clamp(0, 1);
                                               })},
       "one-step"},
      {{.name = "the last and not the best iterate",
        .attack = attack([](Victim& victim, const Batch& batch, double epsilon) {
          const at::Tensor there = (batch.images + epsilon * signs(victim, batch)).clamp(0, 1);
          const at::Tensor back = (batch.images + 0.1 * (there - batch.images)).clamp(0, 1);
          signs(victim, {there, batch.labels, batch.ids});
          signs(victim, {back, batch.labels, batch.ids});
          return back;
        })},
       "best-iterate"},
      {{"a model left in training mode", std::make_shared<InTrainingMode>()}, "batch-dependence"},
      {{"normalization applied twice", std::make_shared<NormalizesTwice>()}, "clean-accuracy"},
      {{.name = "labels shifted by one", .data = shifted}, "clean-accuracy"},
      {{.name = "a budget overstepped", .attack = attack([](Victim& victim, const Batch& batch, double epsilon) {
                                          return (batch.images + 2 * epsilon * signs(victim, batch)).clamp(0, 1);
                                        })},
       "budget"},
      {{"a detector of the attack's pattern", std::make_shared<DetectsThePattern>()}, "unbounded"},
  };
}

/// The documentation's table of planted defects, with its head.
std::string documented() {
  const std::string text = read_file(std::string(AIGIS_SOURCE_DIR) + "/docs/checks.md");
  const size_t begin = text.find("| Defect | Its check | All that were raised |\n");
  return begin == std::string::npos ? "" : text.substr(begin, text.find("\n\n", begin) + 1 - begin);
}

TEST(PlantedDefects, EachPlantedDefectRaisesTheCheckNamedForItAndWhatTheDocumentationSays) {
  const std::string table = documented();
  const auto defects = planted_defects();
  std::string printed;
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), std::ssize(defects) + 2)
      << "rows of the table in docs/checks.md";
  for (const auto& [planted, check] : defects) {
    const std::set<std::string> names = raised(checks_of(planted));
    EXPECT_TRUE(names.contains(check)) << planted.name << " does not raise " << check;
    const std::string all = join({names.begin(), names.end()}, ", ");
    const std::string row = fmt::format("| {} | `{}` | {} |\n", planted.name, check, all);
    EXPECT_NE(table.find(row), std::string::npos) << "docs/checks.md should have the row\n" << row;
    printed += row;
  }
  std::fputs(printed.c_str(), stdout);
}

TEST(PlantedDefects, AnAttackThatIsCutOffHasNotConverged) {
  const Json checks = checks_of({.name = "short", .attack = make_attack("pgd:steps=40,step_size=0.0002,start=clean")});
  EXPECT_EQ(level_of(checks, "longer"), "warning") << checks.dump(1);
  EXPECT_EQ(level_of(checks, "loss-growth"), "warning");
  EXPECT_EQ(level_of(checks, "iterated"), "warning");
}

// AutoAttack is stronger and comes first, and is no ascent whose loss could be followed.
TEST(PlantedDefects, AnAscentIsFollowedBesideAStrongerAttack) {
  for (const char* steps : {"40", "10"}) {
    const Json checks =
        checks_of({.name = "beside",
                   .attack = make_attack(fmt::format("pgd:steps={},step_size=0.0002,start=clean", steps)),
                   .before = make_attack("autoattack:steps=5,queries=50")});
    const bool is_long = std::string(steps) == "40";
    EXPECT_EQ(level_of(checks, "loss-growth"), is_long ? "warning" : "undecided") << checks.dump(1);
  }
}

/// Its loss is high in one query of a step, which leads nowhere.
class DoubtsOneQuery : public PatternNet {
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = PatternNet::forward(images, pass);
    if (pass.noise.draw == 10) output.logits = (-5 * output.logits).detach();
    return output;
  }
};

// An attack that hardly moves gains nothing. Its first step makes 29 queries fewer than the others.
TEST(PlantedDefects, TheLossGrowsBetweenQueriesOfOneKind) {
  const Json checks = checks_of({.name = "standing still",
                                 .model = std::make_shared<DoubtsOneQuery>(),
                                 .attack = make_attack("emi-fgsm:samples=30,steps=40,step_size=1e-6")});
  EXPECT_EQ(level_of(checks, "loss-growth"), "passed") << checks.dump(1);
}

/// In float32 its cross-entropy is flat, and DLR rises where the answer gets surer. The margin alone tells the way, in
/// one pixel value of sixteen at a step, so that it takes many.
class BlindsAutoAttack : public PatternNet {
  at::Tensor before(const at::Tensor& images, const Pass& pass) override {
    const at::Tensor number = at::arange(3 * kSide * kSide, images.options()).view({3, kSide, kSide});
    const at::Tensor shown = number.remainder(16).eq(pass.noise.step % 16).to(images.scalar_type());
    return images.detach() + (images - images.detach()) * shown;
  }
  at::Tensor after(const at::Tensor& logits) override {
    const at::Tensor two = std::get<0>(logits.topk(2, 1)), second = two.slice(1, 1);
    const at::Tensor lead = two.slice(1, 0, 1) - second;
    return at::where(logits.ge(second), logits, second - lead.square()) * 1000;
  }
};

// Ten steps would find as little as AutoAttack's losses do.
TEST(PlantedDefects, ALossThatAutoAttackDoesNotTry) {
  const Json checks = checks_of({.name = "blinded",
                                 .model = std::make_shared<BlindsAutoAttack>(),
                                 .attack = make_attack("autoattack:version=rand,steps=80,draws=1")});
  EXPECT_EQ(level_of(checks, "losses"), "warning") << checks.dump(1);
  EXPECT_EQ(level_of(checks, "iterated"), "passed") << "cross-entropy";
}

TEST(PlantedDefects, MoreBudgetMustNotBreakLess) {
  const auto shy = std::make_shared<Planted>([](Victim& victim, const Batch& batch, double epsilon) {
    return epsilon < kEpsilon ? (batch.images + epsilon * signs(victim, batch)).clamp(0, 1) : batch.images;
  });
  const Json checks = checks_of({.name = "shy", .attack = shy});
  EXPECT_EQ(level_of(checks, "monotone"), "warning") << checks.dump(1);
}

TEST(PlantedDefects, ImagesMadeAgainstAnotherModelOfTheSweep) {
  const Json checks = checks_of(
      {.name = "masked", .model = std::make_shared<RoundsItsInput>(), .second = std::make_shared<PatternNet>()});
  const auto transfer =
      std::find_if(checks.begin(), checks.end(), [](const Json& check) { return check["check"] == "transfer"; });
  ASSERT_NE(transfer, checks.end());
  EXPECT_EQ((*transfer)["level"], "warning") << *transfer;
  EXPECT_NE((*transfer)["message"].get<std::string>().find("; pgd on second breaks"), std::string::npos) << *transfer;
}

}  // namespace
}  // namespace aigis
