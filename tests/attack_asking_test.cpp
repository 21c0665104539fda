// Laws that every attack of the list must obey: on what it asks of the model, and on the memory that this takes.
#include "lib/core/error.h"
#include "tests/allocations.h"
#include "tests/attack_laws.h"

namespace aigis {
namespace {

/// A model that somebody else runs, and that takes nothing but images.
class TakesImagesOnly : public Model {
 public:
  explicit TakesImagesOnly(Model& model) : model_(model) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    EXPECT_GE(images.min().item<double>(), 0);
    EXPECT_LE(images.max().item<double>(), 1);
    return model_.forward(images, pass);
  }
  const ModelCard& card() const override { return model_.card(); }
  bool is_training() const override { return model_.is_training(); }

 private:
  Model& model_;
};

class LawsOfAsking : public Laws {};

TEST_P(LawsOfAsking, EndsWhereAllImagesAreBrokenAlready) {
  Batch images = batch(3);
  const auto net = network();
  net->set_gate_mode("argmax");
  images.labels = (net->forward(images.images, {{}, images.ids}).logits.argmax(1) + 1).remainder(10);
  Victim victim(*net, 5, Judge::this_model);
  const at::Tensor x = ready(victim, images, {0.001})->propose(victim, images, Norm::linf, {0.001})[0];
  EXPECT_EQ(x.sizes(), images.images.sizes());
  EXPECT_LE((x - images.images).abs().max().item<double>(), 0.001 + 1e-12);
  if (attack()->heeds_judge()) {
    EXPECT_LE(victim.audit().backward, 3) << "one gradient an image shows that it is broken";
    EXPECT_LE(victim.audit().forward, 4 * 3);
  }
}

TEST_P(LawsOfAsking, RefusesAModelInTrainingMode) {
  const auto net = network();
  net->set_training(true);
  EXPECT_THROW(run(*net, batch(2), {0.03}), RunError);
}

TEST_P(LawsOfAsking, ABlackBoxIsAskedForImagesOnly) {
  // A single noise is proposed without a question.
  const auto asking = GetParam() == "noise" ? make_attack("noise:best_of=3") : attack();
  if (asking->sees_gradients()) GTEST_SKIP() << "takes gradients";
  const auto net = network();
  TakesImagesOnly model(*net);
  for (const Norm norm : asking->norms()) {
    Victim victim(model, 5);
    asking->propose(victim, batch(3), norm, {0.3});
    EXPECT_GT(victim.audit().forward, 0) << norm_name(norm);
    EXPECT_EQ(victim.audit().backward, 0) << norm_name(norm);
  }
}

// The network's own activations are nearly all of an attack's memory, whatever the number of its steps or budgets.
TEST_P(LawsOfAsking, NeedsLittleMoreMemoryThanItsGradient) {
  const OneThread one_thread;
  const auto net = build("aig-20:gates=argmax");
  net->freeze();
  Batch images = batch(8);
  images.images = images.images.to(at::kFloat);
  const Loss loss = [](const Output& output) { return output.logits.select(1, 0); };
  Victim victim(*net, 5);
  const int64_t floor = peak_bytes([&] { victim.gradient(images.images, images.ids, loss, {}, {}); });
  EXPECT_GT(floor, 8 * 19 * 4 * 8 * 8 * 64) << "less than a feature map for each layer";
  const std::vector<double> budgets{2.0 / 255, 8.0 / 255};
  const auto learnt = ready(victim, images, budgets);
  const int64_t peak = peak_bytes([&] { learnt->propose(victim, images, Norm::linf, budgets); });
  EXPECT_LE(static_cast<double>(peak), 1.2 * static_cast<double>(floor)) << "bytes: " << peak << " and " << floor;
}

INSTANTIATE_TEST_SUITE_P(Attacks, LawsOfAsking, ::testing::ValuesIn(attack_names()), test_name);

}  // namespace
}  // namespace aigis
