// What attacks on gates climb, by hand.
#include "attacks/parts/gate_term.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

#include "attacks/parts/objective.h"

namespace aigis {
namespace {

TEST(GateTerms, ByHand) {
  Gates gates;
  gates.logits = at::tensor({2.0, -1.0, 0.5, 4.0}, at::kDouble).view({2, 2});
  gates.open = gates.logits.gt(0).to(at::kDouble);
  gates.cost = at::tensor({30.0, 10.0}, at::kDouble);
  const double k = std::log(0.9 / 0.1);
  const at::Tensor open = GateMargin(GateStates::open, 0.9).value(gates, {}),
                   shut = GateMargin(GateStates::shut, 0.9).value(gates, {});
  EXPECT_NEAR(open[0].item<double>(), -(0.75 * (k - 2) + 0.25 * (k + 1)), 1e-12);
  EXPECT_NEAR(open[1].item<double>(), -0.75 * (k - 0.5), 1e-12);  // the second gate is sure enough
  EXPECT_NEAR(shut[0].item<double>(), -(0.75 * (k + 2) + 0.25 * (k - 1)), 1e-12);
  // The mean of bumps of 10,000 widths from 1 to 4, all of one ratio.
  const auto bumps = [](double d) {
    double sum = 0;
    for (int i = 0; i < 10'000; ++i) sum += 1 / (1 + std::pow(d / std::pow(4, (i + 0.5) / 10'000), 2));
    return sum / 10'000;
  };
  const GateDoubt unsure(1, 4);
  EXPECT_NEAR(unsure.value(gates, {})[0].item<double>(), (0.5625 * bumps(2) + 0.0625 * bumps(-1)) / 0.625, 1e-8);
  const auto variance = [](double d) { return 1 / ((1 + std::exp(-d)) * (1 + std::exp(d))); };
  EXPECT_NEAR(unsure.worth(gates, {})[0].item<double>(), (0.5625 * variance(2) + 0.0625 * variance(-1)) / 0.625, 1e-12);
  Goal goal;
  goal.graph = at::tensor({1.0, 1.0, 0.0, 1.0}, at::kDouble).view({2, 2});
  const at::Tensor wanted = GateMargin(GateStates::wanted, 0.9).value(gates, goal);
  EXPECT_NEAR(wanted[0].item<double>(), open[0].item<double>(), 1e-12);
  EXPECT_NEAR(wanted[1].item<double>(), -0.75 * (k + 0.5), 1e-12);
  goal.gate_weight = at::tensor({1.0, 9.0, 1.0, 1.0}, at::kDouble).view({2, 2});
  const at::Tensor weighed = GateMargin(GateStates::wanted, 0.9).value(gates, goal);
  EXPECT_NEAR(weighed[0].item<double>(), -(0.25 * (k - 2) + 0.75 * (k + 1)), 1e-12) << "30 to 9 times 10";
  EXPECT_NEAR(weighed[1].item<double>(), wanted[1].item<double>(), 1e-12);
  const at::Tensor reached = GateMargin(GateStates::wanted, 0.9).worth(gates, goal);
  EXPECT_NEAR(reached[0].item<double>(), 0.25, 1e-3) << "only the first is as wanted";
  const at::Tensor q = at::tensor({0.2, 0.7}, at::kDouble), w = at::tensor({0.4, 0.6}, at::kDouble);
  const GateLikeness graph(q, w, 0.9);
  // The first gate is to be shut, the second open; where q is nearer to a half it matters less.
  const double like = graph.value(gates, {})[0].item<double>();
  EXPECT_NEAR(like, -(0.4 * 0.6 * (k + 2) + 0.6 * 0.4 * (k + 1)), 1e-12);
  EXPECT_NEAR(graph.worth(gates, {})[0].item<double>(), 1 - (0.4 * 0.8 + 0.6 * 0.7) + like * 1e-4, 1e-12);
  EXPECT_NEAR(graph.worth(gates, {})[1].item<double>(), 1 - (0.4 * 0.8 + 0.6 * 0.3), 1e-3);
  Goal drawn;
  drawn.random = true;
  const auto probability = [](double d) { return 1 / (1 + std::exp(-d)); };
  EXPECT_NEAR(
      graph.worth(gates, drawn)[0].item<double>(),
      1 - 0.4 * (probability(2) * 0.8 + probability(-2) * 0.2) - 0.6 * (probability(-1) * 0.3 + probability(1) * 0.7),
      1e-3);
  EXPECT_NEAR(executed_share(gates)[0].item<double>(), 0.75, 1e-12);
  EXPECT_NEAR(executed_share(gates)[1].item<double>(), 1, 1e-12);
}

}  // namespace
}  // namespace aigis
