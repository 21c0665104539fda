// Presets of attacks: other tools' defaults.
#include "attacks/parts/presets.h"

#include <gtest/gtest.h>

#include "lib/core/error.h"
#include "lib/core/text.h"
#include "tests/attacks.h"

namespace aigis {
namespace {

TEST(Presets, SetDefaultsThatOtherOptionsOverrule) {
  const Json options = make_attack("pgd:steps=7,preset=foolbox")->options();
  EXPECT_EQ(options["preset"], "foolbox");
  EXPECT_EQ(options["steps"], 7);
  EXPECT_NEAR(options["relative_step_size"].get<double>(), 0.0333333333, 1e-9);
  EXPECT_THROW(make_attack("pgd:preset=folbox"), InputError);
}

TEST(Presets, CanAllBeTaken) {
  for (const auto& entry : attack_list()) {
    for (const Json& option : entry.options()) {
      if (option["name"].get<std::string>() != "preset") continue;
      for (const std::string& preset : split(option["range"].get<std::string>(), ',')) {
        const auto attack = make_attack(entry.name + ":preset=" + trim(preset));
        EXPECT_FALSE(attack->norms().empty()) << entry.name << preset;
      }
    }
  }
}

TEST(Presets, AreSaidToBeUnknownWhereNoToolHasTheAttack) {
  OptionTable table;
  std::string preset = "none";
  bind_presets(table, &preset, {});
  EXPECT_EQ(table.documentation()[0]["help"].get<std::string>(), "whose defaults to take; no other tool's are known");
}

TEST(Presets, AreForTheNormsOfTheirTool) {
  const auto pgd = make_attack("pgd:preset=torchattacks");
  EXPECT_EQ(pgd->norms(), std::vector<Norm>{Norm::linf});
  EXPECT_EQ(pgd->refusal(Norm::linf), "");
  EXPECT_EQ(pgd->refusal(Norm::l2),
            "preset=torchattacks is for the norm linf, not l2; expected torchattacks-l2, foolbox-l2, none");
  EXPECT_EQ(pgd->refusal(Norm::l0), "") << "no preset is";
  EXPECT_EQ(make_attack("bim:preset=foolbox")->norms(), (std::vector<Norm>{Norm::linf, Norm::l2}));
  EXPECT_EQ(make_attack("pgd")->norms(), all_norms());
  EXPECT_EQ(make_attack("pgd")->refusal(Norm::l0), "");
}

TEST(Presets, AreForNoNormThatAnotherOptionRefuses) {
  const std::string reason =
      "amplification above 0 is for the norm linf, not l2; expected the norm linf, or amplification=0";
  for (const char* text : {"pi-fgsm", "pi-fgsm:preset=torchattacks", "pgd:preset=foolbox,amplification=2"}) {
    EXPECT_EQ(make_attack(text)->norms(), std::vector<Norm>{Norm::linf}) << text;
    EXPECT_EQ(make_attack(text)->refusal(Norm::l2), reason) << text;
    EXPECT_EQ(make_attack(text)->refusal(Norm::l0), "") << text;
  }
  EXPECT_EQ(make_attack("pi-fgsm:amplification=0")->norms(), all_norms());
  const auto contradictory = make_attack("pgd:preset=foolbox-l2,amplification=2");
  EXPECT_TRUE(contradictory->norms().empty());
  for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1, Norm::l0}) {
    EXPECT_EQ(
        contradictory->refusal(norm),
        "amplification above 0 is for the norm linf, and preset=foolbox-l2 is for the norm l2, not linf; expected "
        "torchattacks, foolbox, art, none, or amplification=0")
        << norm_name(norm);
  }
}

TEST(Presets, AreRebuiltFromAReportsOptions) {
  for (const char* text : {"pgd", "pgd:preset=foolbox,step_size=2/255", "di-fgsm:preset=transferattack,diversity=0",
                           "r-fgsm:preset=torchattacks,start=clean"}) {
    const auto attack = make_attack(text);
    const auto again = make_attack(Spec::of(attack->name(), attack->options()).text());
    EXPECT_EQ(again->options(), attack->options()) << text;
  }
}

}  // namespace
}  // namespace aigis
