// What every attack of the list is tried on: a small gated network, and images.
#pragma once

#include <ATen/ops/arange.h>
#include <gtest/gtest.h>

#include "tests/attacks.h"
#include "tests/networks.h"

namespace aigis {

class Laws : public ::testing::TestWithParam<std::string> {
 protected:
  /// Three of whatever it does many times: the laws hold for any number.
  std::shared_ptr<Attack> attack() const { return make_attack(shortened(GetParam(), 3)); }

  /// A small gated network in float64, frozen, with gates that sample.
  std::shared_ptr<Network> network() const {
    std::shared_ptr<Network> net = make_network(Spec::parse("aig-8"), {"", 0, 10, {3, 32, 32}, 3});
    net->move_to(at::kCPU, at::kDouble);
    net->freeze();
    return net;
  }
  Batch batch(int64_t count) const {
    return {drawn_uniformly({count, 3, 32, 32}, 1), at::arange(count, at::TensorOptions(at::kLong)).remainder(10),
            at::arange(count, at::TensorOptions(at::kLong)) + 40};
  }
  std::vector<at::Tensor> run(Model& model, const Batch& images, const std::vector<double>& epsilons,
                              Norm norm = Norm::linf) const {
    Victim victim(model, 5);
    return ready(victim, images, epsilons, norm)->propose(victim, images, norm, epsilons);
  }
  /// Having learnt what it needs from other images.
  std::shared_ptr<const Attack> ready(Victim& victim, const Batch& like, const std::vector<double>& epsilons,
                                      Norm norm = Norm::linf) const {
    const at::TensorOptions numbers(at::kLong);
    const Batch training{drawn_uniformly({6, 3, 32, 32}, 11).to(like.images.options()),
                         at::arange(6, numbers).to(like.labels.device()), at::arange(6, numbers) + 500};
    return taught(attack(), victim, training, norm, epsilons);
  }
};

}  // namespace aigis
