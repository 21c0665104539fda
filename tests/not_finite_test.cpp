// A model whose answers are not finite: what attacks make of it, and the flag.
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "reports/flags.h"
#include "tests/greys.h"

namespace aigis {
namespace {

/// Overflows on bright images.
class Overflowing : public LinearModel {
 public:
  Overflowing() : LinearModel(at::full({1, 2, 2}, 0.25), -0.5) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = LinearModel::forward(images, pass);
    const at::Tensor bright = images.flatten(1).mean(1, /*keepdim=*/true).gt(167.0 / 255);
    output.logits = at::where(bright, std::nan(""), output.logits);
    return output;
  }
};

/// No image is of class 1, and bright ones have no answer.
class OverflowingBeforeTheBoundary : public LinearModel {
 public:
  OverflowingBeforeTheBoundary() : LinearModel(at::full({1, 2, 2}, 0.25), -2) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = LinearModel::forward(images, pass);
    const at::Tensor bright = images.flatten(1).mean(1, /*keepdim=*/true).gt(0.6);
    output.logits = at::where(bright, std::nan(""), output.logits);
    return output;
  }
};

TEST(NotFinite, AttacksTakeWhatHasNoAnswerForWrong) {
  OverflowingBeforeTheBoundary model;
  const Batch batch{at::full({3, 1, 2, 2}, 0.5), at::zeros({3}, at::TensorOptions(at::kLong)),
                    at::arange(3, at::TensorOptions(at::kLong))};
  for (const char* name : {"pgd", "square:queries=50", "apgd-ce", "deepfool", "cw:weight=10", "ddn", "fmn", "fab"}) {
    const auto attack = make_attack(name);
    const Norm norm = attack->norms().front();
    Victim victim(model, 0, Judge::this_model);
    const at::Tensor x = attack->propose(victim, batch, norm, {norm == Norm::l2 ? 1.0 : 0.5})[0];
    EXPECT_EQ(judge(model, x, batch, 0, Purpose::verdict_gates).without_answer, 3) << name;
  }
}

// In half of its probes there is no answer to take a difference from, and none of its iterates is bright.
TEST(NotFinite, SpsaGoesOnWhereAProbeHasNoAnswer) {
  OverflowingBeforeTheBoundary model;
  const Batch batch{at::full({3, 1, 2, 2}, 0.595), at::zeros({3}, at::TensorOptions(at::kLong)),
                    at::arange(3, at::TensorOptions(at::kLong))};
  Victim victim(model, 0, Judge::this_model);
  const at::Tensor x =
      make_attack("spsa:steps=3,pairs=1,distance=0.02")->propose(victim, batch, Norm::linf, {0.004})[0];
  EXPECT_TRUE(x.isfinite().all().item<bool>()) << x;
}

TEST(NotFinite, AnswersAreFlagged) {
  SweepPlan plan;
  plan.models = {std::make_shared<Overflowing>()};
  plan.runs = plan_runs({planted([](const at::Tensor& x, double epsilon) { return x + epsilon; })}, {nullptr},
                        {Access{}}, false);
  plan.epsilons = {0, 10.0 / 255};
  plan.data = greys();  // up to a level of 166
  plan.batch = 7;
  Journal journal;
  const RunTally tally = run_sweep(plan, journal).tallies[0][0];
  EXPECT_EQ(tally.cells[0].pass.without_answer, 0);
  EXPECT_EQ(tally.cells[1].pass.without_answer, 5) << "levels of 158 and more";
  EXPECT_EQ(tally.cells[1].pass.accuracy.successes(), kImages - 5 - 5) << "and five dark ones that turned bright";
  const ReportedModel reported{"overflowing", "", "", nullptr, {}, plan.models[0]->card()};
  const auto is_flagged = [&](size_t e) {
    const Json flags = make_flags(plan, plan.runs[0], tally, tally.cells[e], reported);
    return std::any_of(flags.begin(), flags.end(), [](const Json& flag) {
      return flag["check"] == "answer-not-finite" && flag["level"] == "error";
    });
  };
  EXPECT_FALSE(is_flagged(0));
  EXPECT_TRUE(is_flagged(1));
}

}  // namespace
}  // namespace aigis
