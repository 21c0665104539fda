// Attacks do by default what was published: numbers of papers and of their authors' code, and two attacks of one step
// in closed form.
#include <ATen/ops/allclose.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include "attacks/parts/random.h"
#include "tests/attacks.h"
#include "tests/models_under_test.h"

namespace aigis {
namespace {

struct Published {
  const char *attack, *option;
  double value;
  const char* source;
};

TEST(Published, NumbersAreTheDefaults) {
  for (const auto& [attack, option, value, source] : std::vector<Published>{
           {"r-fgsm", "steps", 1, "Tramer et al. 2018"},
           {"r-fgsm", "start_size", 0.5, "Tramer et al. 2018: alpha = epsilon / 2"},
           {"r-fgsm", "relative_step_size", 0.5, "Tramer et al. 2018: epsilon - alpha"},
           {"ffgsm", "steps", 1, "Wong et al. 2020"},
           {"ffgsm", "relative_step_size", 1.25, "Wong et al. 2020: alpha = 1.25 epsilon"},
           {"eot-pgd", "draws", 20, "Croce & Hein 2020, code: as many as AutoAttack's rand"},
           {"mi-fgsm", "steps", 10, "Dong et al. 2018: T"},
           {"mi-fgsm", "relative_step_size", 0.1, "Dong et al. 2018: epsilon / T"},
           {"mi-fgsm", "momentum", 1, "Dong et al. 2018: mu"},
           {"ni-fgsm", "momentum", 1, "Lin et al. 2020: mu"},
           {"si-ni-fgsm", "scales", 5, "Lin et al. 2020: m"},
           {"di-fgsm", "diversity", 0.5, "Xie et al. 2019: p"},
           {"ti-fgsm", "translation", 15, "Dong et al. 2019: a kernel of 15 x 15"},
           {"vmi-fgsm", "neighbours", 20, "Wang & He 2021: N"},
           {"vmi-fgsm", "neighbourhood", 1.5, "Wang & He 2021: beta"},
           {"emi-fgsm", "samples", 11, "Wang et al. 2021: N"},
           {"emi-fgsm", "sample_radius", 7, "Wang et al. 2021: eta"},
           {"pi-fgsm", "amplification", 10, "Gao et al. 2020: beta"},
           {"apgd-ce", "steps", 100, "Croce & Hein 2020: N_iter"},
           {"apgd-ce", "rho", 0.75, "Croce & Hein 2020: rho"},
           {"autoattack", "steps", 100, "Croce & Hein 2020: N_iter"},
           {"autoattack", "queries", 5000, "Croce & Hein 2020: of the Square attack"},
           {"autoattack", "draws", 20, "Croce & Hein 2020, code: eot_iter of the version rand"},
           {"fab", "steps", 100, "Croce & Hein 2020, arXiv:1907.02044: N_iter"},
           {"fab", "most_bias", 0.1, "Croce & Hein 2020, arXiv:1907.02044: alpha_max"},
           {"fab", "overshoot", 1.05, "Croce & Hein 2020, arXiv:1907.02044: eta"},
           {"fab", "retreat", 0.9, "Croce & Hein 2020, arXiv:1907.02044: beta"},
           {"deepfool", "steps", 50, "Moosavi-Dezfooli et al. 2016, code: max_iter"},
           {"deepfool", "overshoot", 0.02, "Moosavi-Dezfooli et al. 2016: eta"},
           {"cw", "searches", 9, "Carlini & Wagner 2017, code: BINARY_SEARCH_STEPS"},
           {"cw", "step_size", 0.01, "Carlini & Wagner 2017, code: LEARNING_RATE"},
           {"cw", "weight", 0.001, "Carlini & Wagner 2017, code: INITIAL_CONST"},
           {"cw", "confidence", 0, "Carlini & Wagner 2017, code: CONFIDENCE"},
           {"ddn", "gamma", 0.05, "Rony et al. 2019: gamma"},
           {"ddn", "radius", 1, "Rony et al. 2019: epsilon_0"},
           {"fmn", "gamma", 0.05, "Pintor et al. 2021: gamma_0"},
           {"square", "queries", 5000, "Croce & Hein 2020: of the Square attack"},
           {"square", "share", 0.8, "Croce & Hein 2020, code: p_init"},
           {"spsa", "distance", 0.01, "Uesato et al. 2018: delta"},
           {"spsa", "step_size", 0.01, "Uesato et al. 2018: of Adam"},
           {"hopskipjump", "samples", 100, "Chen et al. 2020: B_0"},
           {"hopskipjump", "most_samples", 10'000, "Chen et al. 2020, code: max_num_evals"},
       }) {
    EXPECT_EQ(make_attack(attack)->options().at(option).get<double>(), value)
        << attack << ", " << option << ": " << source;
  }
}

/// What an attack makes within 0.1 of grey images where every pixel value is to rise.
at::Tensor risen(const std::string& attack, const Batch& batch) {
  LinearModel model(at::full({3, 4, 4}, 1.0, at::TensorOptions(at::kDouble)), -100);
  Victim victim(model, 9);
  return make_attack(attack)->propose(victim, batch, Norm::linf, {0.1})[0];
}

TEST(Published, RFgsmSpendsHalfOfTheBudgetAtRandomAndHalfAlongTheGradient) {
  const Batch batch = grey_batch(3, 0.5);
  const at::Tensor corner = corner_noise(batch.images, batch.ids, {9, Purpose::attack}, Norm::linf, Use::start);
  EXPECT_LT(corner.min().item<double>(), 0) << "a start on the lower side tells halves from wholes";
  EXPECT_TRUE(at::allclose(risen("r-fgsm", batch), 0.5 + 0.05 * corner + 0.05, 0, 1e-12));
}

TEST(Published, FfgsmStepsOneAndAQuarterBudgetsFromAPointOfTheBall) {
  const Batch batch = grey_batch(3, 0.5);
  const at::Tensor start = ball_noise(batch.images, batch.ids, {9, Purpose::attack}, Norm::linf, Use::start);
  EXPECT_LT(start.min().item<double>(), -0.25) << "a start that the step does not lead out of the ball";
  EXPECT_TRUE(at::allclose(risen("ffgsm", batch), (0.5 + 0.1 * start + 0.125).clamp_max(0.6), 0, 1e-12));
}

}  // namespace
}  // namespace aigis
