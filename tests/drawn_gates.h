// A model whose draws differ in whether they heed the image, and images at a known distance from its boundary.
#pragma once

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <set>

#include "lib/eval/verdict.h"
#include "tests/attacks.h"
#include "tests/mean_gate.h"
#include "tests/models_under_test.h"
#include "tests/networks.h"
#include "tests/toy_model.h"

namespace aigis {

/// Heeds the image in some of every four draws, and in the others answers with a class.
class HeedsSomeDraws : public ToyModel {
 public:
  HeedsSomeDraws(Model& heeded, std::set<uint32_t> draws, int64_t otherwise)
      : ToyModel(heeded.card()), heeded_(heeded), draws_(std::move(draws)), otherwise_(otherwise) {
    card_.has_random_gates = true;
    card_.draws = 4;
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    if (draws_.contains(pass.noise.draw % 4)) return heeded_.forward(images, pass);
    const at::Tensor logits = otherwise_ == 0 ? at::tensor({1.0, 0.0}) : at::tensor({0.0, 1.0});
    return {logits.to(images.options()).expand({images.size(0), 2}), {}};
  }

 private:
  Model& heeded_;
  std::set<uint32_t> draws_;
  int64_t otherwise_;
};

/// Images of class 1, at a known distance from the boundary of a linear model.
class DrawnGates : public ::testing::Test {
 protected:
  static constexpr double kDistance = 0.1;  // in Linf

  /// [N] draws of four that the model gets right after the attack.
  at::Tensor hits(Model& model, const std::string& attack, Norm norm, double epsilon, AttackAudit* audit = nullptr) {
    Victim victim(model, 3, Judge::this_model);
    const at::Tensor x = make_attack(attack)->propose(victim, batch_, norm, {epsilon})[0];
    if (audit) *audit = victim.audit();
    return judge(model, x, batch_, 3, Purpose::verdict_gates).hits;
  }

  LinearModel linear_{at::full({3, 4, 4}, 1.0 / kPixels, at::TensorOptions(at::kDouble)), kDistance - 0.5};
  Batch batch_{at::full({5, 3, 4, 4}, 0.5, at::TensorOptions(at::kDouble)),
               at::full({5}, 1, at::TensorOptions(at::kLong)), ids_of(5)};
};

}  // namespace aigis
