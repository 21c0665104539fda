#include "checks/list.h"

#include <fmt/format.h>

#include "checks/checks.h"
#include "lib/core/error.h"
#include "lib/core/progress.h"
#include "lib/core/stop.h"
#include "lib/core/text.h"

namespace aigis {

CheckLevel parse_check_level(const std::string& word) {
  if (word == "off") return CheckLevel::off;
  if (word == "basic") return CheckLevel::basic;
  if (word == "full") return CheckLevel::full;
  throw InputError("--checks: " + unknown_name("level", word, {"basic", "full", "off"}));
}

const std::vector<Check>& check_list() {
  using enum CheckLevel;
  constexpr const char* kCarlini = "Carlini et al. 2019, arXiv:1902.06705";
  constexpr const char* kAthalye = "Athalye et al. 2018, arXiv:1802.00420";
  constexpr const char* kTramer = "Tramer et al. 2020, arXiv:2002.08347";
  static const std::vector<Check> list{
      {"randomness", "five passes over the same images: other answers need attacks that average over draws", kAthalye,
       basic, checks::randomness},
      {"batch-dependence", "an image's answer depends on the images beside it: a model left in training mode", kCarlini,
       basic, checks::batch_dependence},
      {"uphill", "along the gradient the loss falls, or hardly rises: attacks that follow it are led astray", kAthalye,
       basic, checks::uphill},
      {"bf16-gradients", "the signs of gradients in bfloat16 are not those of float32", kCarlini, basic,
       checks::bf16_gradients},
      {"gate-gradients", "gates through which no gradient passes", kAthalye, basic, checks::gate_gradients},
      {"ablation", "what the defense adds can be seen only beside the undefended model", kCarlini, basic,
       checks::ablation},
      {"monotone", "a larger budget breaks fewer images", kCarlini, basic, checks::monotone},
      {"noise", "the best of 100 random noises breaks more than the attacks", kCarlini, full, checks::noise,
       checks::noise_cost},
      {"one-step", "one step (FGSM) breaks more than the attacks", kAthalye, full, checks::one_step,
       checks::one_step_cost},
      {"iterated", "twenty steps (PGD) break more than the attacks", kCarlini, full, checks::iterated,
       checks::iterated_cost},
      {"black-box", "a search without gradients (Square) breaks more than the attacks", kAthalye, full,
       checks::black_box, checks::black_box_cost},
      {"transfer", "images made against other models, or with all gates open, break more than the attacks", kCarlini,
       full, checks::transfer, checks::transfer_cost},
      {"longer", "the strongest attack breaks more with twice the steps, restarts and draws", kCarlini, full,
       checks::longer, checks::longer_cost},
      {"loss-growth", "the loss still grows after the last steps of a long attack", kCarlini, full, checks::loss_growth,
       checks::loss_growth_cost},
      {"losses", "the strongest attack breaks more with another loss", kTramer, full, checks::losses,
       checks::losses_cost},
      {"gate-aware", "gates differentiated in several ways break more than the attacks", kTramer, full,
       checks::gate_aware, checks::gate_aware_cost},
      {"relaxed-mismatch", "relaxed gates answer otherwise than hard ones: their gradients are another model's",
       kTramer, full, checks::relaxed_mismatch},
      {"fixed-noise", "with one draw of the gates' noise for all passes more is broken: the noise hides the way",
       kAthalye, full, checks::fixed_noise, checks::fixed_noise_cost},
      {"bpda", "sight of the defense makes the attack weaker, or brings back nothing of what the defense saves",
       kAthalye, full, checks::bpda, checks::bpda_cost},
      {"large-budget", "accuracy is above chance within Linf 0.5", kAthalye, full, checks::large_budget,
       checks::large_budget_cost},
      {"unbounded", "images stand although every pixel may take any value", kAthalye, full, checks::unbounded,
       checks::unbounded_cost},
  };
  return list;
}

std::vector<std::vector<Finding>> run_checks(const SweepPlan& plan, const SweepResult& result, CheckLevel level,
                                             Journal& journal) {
  std::vector<std::vector<Finding>> findings(plan.models.size());
  if (plan.data.size() == 0 || level == CheckLevel::off) return findings;
  const auto groups = runs_by_defense(plan.runs);
  std::vector<const Check*> wanted;
  for (const Check& check : check_list()) {
    if (check.level <= level) wanted.push_back(&check);
  }
  Progress progress("checks", static_cast<int64_t>(plan.models.size() * groups.size() * wanted.size()), "checks");
  for (size_t m = 0; m < plan.models.size(); ++m) {
    for (size_t g = 0; g < groups.size(); ++g) {
      const Claim claim(plan, result.tallies[m], m, groups[g]);
      for (const Check* check : wanted) {
        check_stop();
        const std::string key = fmt::format("check {} model {} defense {}", check->name, m, g);
        if (const Json* known = journal.find(key)) {
          if (!known->is_null()) findings[m].push_back(Finding::from_json(*known));
        } else {
          const std::optional<Finding> finding = check->run(claim);
          if (finding) findings[m].push_back(*finding);
          journal.add(key, finding ? finding->to_json() : Json());
        }
        progress.advance(1, check->name);
      }
    }
  }
  return findings;
}

}  // namespace aigis
