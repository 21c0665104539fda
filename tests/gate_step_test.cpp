// What a step of an attack on gates costs: as many passes as one of PGD.
#include <gtest/gtest.h>

#include <string>

#include "models/checkpoint.h"
#include "tests/attacks.h"
#include "tests/networks.h"

namespace aigis {
namespace {

constexpr int64_t kImages = 6, kSteps = 5;

AttackAudit passes_of(const std::string& attack, const std::string& gates) {
  const std::string path = std::string(AIGIS_SOURCE_DIR) + "/models/synthetic-aig-8.safetensors:gates=" + gates;
  const auto net = load_network(Spec::parse(path)).network;
  const Batch training = take(load_dataset(Spec::parse("synthetic:train=100"), Part::train), 0, 100);
  const Batch batch = take(load_dataset(Spec::parse("synthetic:test=40"), Part::test), 0, kImages);
  Victim learner(*net, 0), victim(*net, 0);
  taught(make_attack(attack), learner, training, Norm::linf, {0.03})->propose(victim, batch, Norm::linf, {0.03});
  return victim.audit();
}

/// Gradients are one for each step and draw. Beside them there is one look at the last iterate; what other graphs would
/// bring, and whether a constraint holds, is asked aside.
TEST(GateSteps, TakeAsManyPassesAsThoseOfPGD) {
  for (const auto& [gates, draws] : {std::pair{"argmax", 1}, {"sampled", 1}, {"sampled", 3}}) {
    const std::string counts = "steps=" + std::to_string(kSteps) + ",draws=" + std::to_string(draws);
    const int64_t gradients = kImages * kSteps * draws;
    const AttackAudit pgd = passes_of("pgd:stop=false," + counts, gates);
    EXPECT_EQ(pgd.backward, gradients) << gates << draws;
    EXPECT_EQ(pgd.forward, gradients) << gates << draws;
    for (const char* attack :
         {"gate-sloth:", "gate-sloth:keep_label=true,", "gate-starve:", "gate-starve:keep_label=true,",
          "gate-lowfreq:", "gate-jitter:", "gate-joint:", "gate-reroute:", "gate-hijack:class=1,"}) {
      const AttackAudit audit = passes_of(attack + counts, gates);
      EXPECT_EQ(audit.backward, gradients) << attack << gates << draws;
      EXPECT_EQ(audit.forward - audit.aside, gradients + kImages * draws) << attack << gates << draws;
    }
  }
}

}  // namespace
}  // namespace aigis
