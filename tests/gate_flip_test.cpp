// The attack that drives images to the graph of the fewest flips: it gets there, and searches once.
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "tests/attacks.h"
#include "tests/three_gates.h"

namespace aigis {
namespace {

/// Class 1 needs a shut and b open or shut by how bright the channels are: the found graph is reached by the margins.
TEST(GateFlip, DrivesTheImageToTheGraph) {
  ThreeGates model(false);
  at::Tensor images = at::full({2, 3, 2, 2}, 0.45, at::TensorOptions(at::kDouble));  // all shut: class 0
  const Batch batch = batch_of(images, 0);
  Victim victim(model, 0);
  const auto attack = make_attack("gate-flip");
  const at::Tensor x = attack->propose(victim, batch, Norm::linf, {0.06})[0];
  const Output output = model.forward(x, {});
  EXPECT_EQ(output.logits.argmax(1).sum().item<int64_t>(), 2);
  EXPECT_EQ(output.gates.open.sum().item<double>(), 2) << "one gate of each image";
  const AttackAudit audit = victim.audit();
  ASSERT_EQ(audit.stages.size(), 1u);
  EXPECT_EQ(audit.stages[0], (Stage{"1 gate", 2, 2}));
}

/// What pulls the other gates away from their thresholds takes most of an L2 budget, unless the one that is to flip
/// outweighs it.
TEST(GateFlip, WeighsTheGatesThatAreToFlip) {
  ThreeGates model(false);
  const Batch batch = batch_of(at::full({1, 3, 2, 2}, 0.45, at::TensorOptions(at::kDouble)), 0);  // all shut: class 0
  const auto open = [&](const std::string& attack) {
    Victim victim(model, 0);
    return model.forward(make_attack(attack)->propose(victim, batch, Norm::l2, {0.2})[0], {}).gates.open;
  };
  // Steps are as (10 w, -20, -30), by the layers' costs: of the .05 that the first gate lacks, a weight of 1 makes .03.
  EXPECT_TRUE(at::equal(open("gate-flip:flipped_weight=1"), at::tensor({0.0, 0.0, 0.0}, at::kDouble).view({1, 3})));
  EXPECT_TRUE(at::equal(open("gate-flip:flipped_weight=30"), at::tensor({1.0, 0.0, 0.0}, at::kDouble).view({1, 3})));
  EXPECT_TRUE(at::equal(open("gate-flip"), open("gate-flip:flipped_weight=30")));
}

/// The search does not depend on the budget: a sweep over several makes it once.
TEST(GateFlip, SearchesNoMoreOnceItIsPrepared) {
  ThreeGates model(false);
  const Batch batch = batch_of(at::full({2, 3, 2, 2}, 0.45, at::TensorOptions(at::kDouble)), 0);
  const auto attack = make_attack("gate-flip");
  Victim alone(model, 0), before(model, 0), after(model, 0);
  const at::Tensor x = attack->propose(alone, batch, Norm::linf, {0.06})[0];
  const auto knowing = attack->prepared_for(before, batch);
  EXPECT_TRUE(at::equal(knowing->propose(after, batch, Norm::linf, {0.06})[0], x));
  EXPECT_EQ(after.audit().aside, 0);
  EXPECT_EQ(before.audit().aside, alone.audit().aside);
  AttackAudit both = before.audit();
  both.merge(after.audit());
  EXPECT_EQ(both, alone.audit());
  Victim later(model, 0), unprepared(model, 0);
  EXPECT_TRUE(at::equal(knowing->propose(later, batch.part(1, 1), Norm::linf, {0.06})[0], x.slice(0, 1)));
  EXPECT_EQ(later.audit().aside, 0) << "which of the images are left is all the same";
  Batch others = batch;
  others.ids = batch.ids + 1;
  EXPECT_TRUE(at::equal(knowing->propose(unprepared, others, Norm::linf, {0.06})[0], x));
  EXPECT_EQ(unprepared.audit().aside, alone.audit().aside) << "nothing is known of one of them";
}

/// Driven from its wrong answer it might come to the right one.
TEST(GateFlip, LeavesWhatIsWrongAlready) {
  ThreeGates model(false);
  const Batch batch = batch_of(at::full({2, 3, 2, 2}, 0.45, at::TensorOptions(at::kDouble)), 1);  // the answer is 0
  Victim victim(model, 0);
  EXPECT_TRUE(at::equal(make_attack("gate-flip")->propose(victim, batch, Norm::linf, {0.06})[0], batch.images));
  EXPECT_TRUE(victim.audit().stages.empty()) << "no gate had to flip";
  EXPECT_EQ(victim.audit().backward, 0);
}

/// Nor does it ask for a gradient there, and what it makes of the others is the same without them.
TEST(GateFlip, AscendsOnlyWhatIsRight) {
  ThreeGates model(false);
  Batch batch = batch_of(at::full({3, 3, 2, 2}, 0.45, at::TensorOptions(at::kDouble)), 0);
  batch.labels[1] = 1;  // the answer is 0
  Victim victim(model, 0);
  const std::vector<at::Tensor> x = make_attack("gate-flip")->propose(victim, batch, Norm::linf, {0.03, 0.06});
  int64_t gradients = 0;
  for (const int64_t i : {0, 2}) {
    Victim one(model, 0);
    const std::vector<at::Tensor> alone =
        make_attack("gate-flip")->propose(one, batch.part(i, 1), Norm::linf, {0.03, 0.06});
    for (size_t e = 0; e < 2; ++e) EXPECT_TRUE(at::equal(x[e].slice(0, i, i + 1), alone[e]));
    gradients += one.audit().backward;
  }
  for (const at::Tensor& images : x) EXPECT_TRUE(at::equal(images[1], batch.images[1]));
  EXPECT_GT(gradients, 0);
  EXPECT_EQ(victim.audit().backward, gradients);
}

}  // namespace
}  // namespace aigis
