// Which models attacks on gates refuse, and how attacks say that their gradients pass gates.
#include "lib/core/error.h"
#include "tests/mean_gate.h"
#include "tests/networks.h"

namespace aigis {
namespace {

/// Of gates that do not draw the cost has a gradient through their states alone.
TEST(Reroute, NeedsAGradientOfTheCost) {
  const MeanGate hard(0);
  const DrawingGate drawing;
  for (const char* name : {"gate-reroute:gates=", "gate-universal:aim=reroute,gates="}) {
    const std::string attack = name;
    for (const char* path : {"fixed-graph", "expectation"}) {
      try {
        make_attack(attack + path)->check(hard.card());
        FAIL() << attack << path;
      } catch (const InputError& error) {
        const std::string text = error.what();
        EXPECT_NE(text.find(std::string("with ") + path), std::string::npos) << text;
        EXPECT_NE(text.find("expected gates=straight-through or gates=relaxed"), std::string::npos) << text;
      }
      EXPECT_NO_THROW(make_attack(attack + path)->check(drawing.card())) << attack << path;
    }
    for (const char* path : {"straight-through", "relaxed"}) {
      EXPECT_NO_THROW(make_attack(attack + path)->check(hard.card())) << attack << path;
    }
  }
  EXPECT_NO_THROW(make_attack("gate-universal:aim=sloth,gates=fixed-graph")->check(hard.card()));
}

TEST(Jitter, NeedsBumpsFromNarrowToWide) {
  const MeanGate hard(0);
  EXPECT_NO_THROW(make_attack("gate-jitter:narrow=2,wide=2.01")->check(hard.card()));
  try {
    make_attack("gate-jitter:wide=0.5")->check(hard.card());
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "option 'narrow': 0.5; expected less than wide, which is 0.5");
  }
}

TEST(GateAttacks, NeedGatesThatLookAtTheImage) {
  for (const char* mode : {"always", "scaled", "fixed,graph=101", "marginal"}) {
    const auto net = build(std::string("aig-8:gates=") + mode);
    EXPECT_THROW(make_attack("gate-sloth")->check(net->card()), InputError) << mode;
  }
  for (const char* mode : {"sampled", "argmax", "budget,layers=2"}) {
    const auto net = build(std::string("aig-8:gates=") + mode);
    EXPECT_NO_THROW(make_attack("gate-sloth")->check(net->card())) << mode;
  }
}

TEST(Attacks, SayHowTheirGradientsPassGates) {
  for (const auto& [attack, mode] : {std::pair{"pgd", "straight-through"},
                                     {"apgd-ce:gates=expectation", "expectation"},
                                     {"fab:gates=fixed-graph", "fixed-graph"},
                                     {"ilfo:gates=relaxed", "relaxed"},
                                     {"autoattack:gates=fixed-graph", "fixed-graph"},
                                     {"gate-aware-pgd", "all"},
                                     {"hopskipjump", "none"},
                                     {"square", "none"}}) {
    EXPECT_EQ(make_attack(attack)->gradient_mode(), mode) << attack;
  }
}

TEST(GateAttacks, NeedGates) {
  const auto net = build_frozen("resnet-8");
  for (const auto& entry : attack_list()) {
    const std::string attack = entry.name;
    if (!attack.starts_with("gate-") && attack != "gradauto" && attack != "ilfo" && attack != "lgm") continue;
    try {
      make_attack(attack)->check(net->card());
      FAIL() << attack;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("expected a gated one"), std::string::npos) << error.what();
    }
  }
  EXPECT_NO_THROW(make_attack("noise:best_of=9")->check(net->card()));
  EXPECT_THROW(make_attack("noise:best_of=9,by=open")->check(net->card()), InputError);
  EXPECT_THROW(make_attack("noise:best_of=9,by=shut")->check(net->card()), InputError);
}

}  // namespace
}  // namespace aigis
