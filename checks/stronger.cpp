#include <fmt/format.h>

#include <array>

#include "checks/checks.h"
#include "checks/loss_trace.h"
#include "checks/variation.h"
#include "lib/metrics/student.h"

namespace aigis::checks {
namespace {

constexpr int64_t kSteps = 20;  // of PGD
constexpr std::array kLosses{"ce", "margin", "dlr"};

/// Steps of an attack that is one ascent of the label's loss; 0 for others, which have stages, search, climb the loss
/// of soft gates, or are out for something else, too.
int64_t steps_of_ascent(const Attack& attack) {
  const Json options = attack.options();
  const bool is_ascent = options.contains("relative_step_size") && options.contains("loss") &&
                         attack.learns_from() == 0 && attack.gate_paths().size() == 1 &&
                         !attack.gate_paths().contains(GateGradient::relaxed);
  const bool is_of_label = attack.aim() == Aim::wrong_answer && !attack.is_targeted();
  return is_ascent && is_of_label ? whole_option(attack, "steps", 0) : 0;
}

constexpr uint32_t kLast = 10;  // steps in which an attack that has converged gains little

/// By how much of itself the loss of images, seven or more, grew in the last steps, and whether that is more than is
/// let pass.
void judge_growth(Finding& finding, const std::vector<double>& before, const std::vector<double>& after) {
  constexpr double kMost = 0.05;
  std::vector<double> beyond;  // of each image, what its loss grew by, less the growth that is let pass
  for (size_t i = 0; i < before.size(); ++i) beyond.push_back(after[i] - (1 + kMost) * before[i]);
  const double loss = mean_of(before);
  if (loss == 0) {
    finding.level = Finding::Level::undecided;
    finding.message += fmt::format("was zero before the last {} steps: there is no share of it to grow by", kLast);
    return;
  }
  const double value = mean_of(after) / loss - 1;
  const Interval excess = student_interval(beyond);
  const Interval growth{kMost + excess.low / loss, kMost + excess.high / loss};
  if (const double seen = kMost + (growth.high - growth.low) / 2; seen <= 1) finding.smallest_effect = seen;
  finding.numbers = {{"growth", value}, {"low", growth.low}, {"high", growth.high}, {"steps", kLast}};
  finding.message += fmt::format("grew by {:.1f} % [{:.1f}, {:.1f}] in the last {} steps", 100 * value,
                                 100 * growth.low, 100 * growth.high, kLast);
  if (growth.low > kMost) {
    finding.level = Finding::Level::warning;
    finding.message += ": the attack had not converged";
  } else if (growth.high > kMost) {
    finding.level = Finding::Level::undecided;
    finding.message += ": they are too few, or differ too much, to tell whether it was more than is let pass";
  }
}

}  // namespace

std::optional<Finding> iterated(const Claim& claim) {
  return claim.beaten_by("iterated", fmt::format("pgd:steps={}", kSteps),
                         "the attacks are too weak to claim robustness by");
}

double iterated_cost(const Claim& claim) { return static_cast<double>(kSteps) * claim.draws_on(*claim.bare()); }

std::optional<Finding> loss_growth(const Claim& claim) {
  constexpr int64_t kLong = 40;
  if (!claim.is_made()) return {};
  std::vector<size_t> long_ascents;
  for (const size_t r : claim.attacks()) {
    const Run& run = claim.plan().runs[r];
    if (!run.access.surrogate && steps_of_ascent(*run.attack) >= kLong) long_ascents.push_back(r);
  }
  if (long_ascents.empty()) {
    return claim.without_attack(
        "loss-growth",
        fmt::format("not made: no attack is one ascent of the label's loss, through gates as they are, in {} steps or "
                    "more",
                    kLong));
  }
  const size_t judged = claim.with_fewest_right(long_ascents, claim.epsilon());
  const Run& run = claim.plan().runs[judged];
  const auto last_step = static_cast<uint32_t>(steps_of_ascent(*run.attack) - 1);
  const auto last_restart = static_cast<uint32_t>(whole_option(*run.attack, "restarts", 1) - 1);
  const auto trace =
      std::make_shared<LossTrace>(claim.bare(), claim.sample(), TwoSteps{last_restart, last_step - kLast, last_step});
  const Challenge again = claim.challenge(run.attack, run.access, trace);
  std::vector<double> before, after;
  for (size_t i = 0; i < again.hits.size(); ++i) {
    const auto losses = trace->means(claim.sample().ids[static_cast<int64_t>(i)].item<int64_t>());
    if (again.hits[i] == 0 || !losses) continue;
    before.push_back(losses->first);
    after.push_back(losses->second);
  }
  Finding finding = claim.about_budget("loss-growth", {judged});
  if (again.hits.empty()) return claim.not_made(finding);
  finding.count = static_cast<int64_t>(before.size());
  if (finding.count < fewest(1)) {
    finding.level = Finding::Level::undecided;
    finding.message =
        fmt::format("{} of {} images stand under {}, too few to tell whether its loss still grew; {} would do",
                    finding.count, claim.sample().size(), again.name, fewest(1));
    return finding;
  }
  finding.message = fmt::format("{}'s loss of {} images that stand ", again.name, finding.count);
  judge_growth(finding, before, after);
  return finding;
}

double loss_growth_cost(const Claim& claim) { return claim.gradients_each(); }

std::optional<Finding> losses(const Claim& claim) {
  if (!claim.is_made()) return {};
  const Run& strongest = claim.strongest();
  const auto attack = claim.with_losses();
  const bool has_losses = attack == strongest.attack;
  if (!claim.allows(*attack)) {
    return claim.without_attack("losses", "not made: no attack that takes other losses knows this norm");
  }
  const Json options = attack->options();
  std::vector<Challenge> challenges;
  const auto with = [&](const std::vector<std::pair<std::string, std::string>>& changes) {
    const auto other = varied(*attack, changes);
    if (!other || (has_losses && other->options() == options)) return;
    challenges.push_back(claim.challenge(other, strongest.access));
    for (const auto& [key, value] : changes) challenges.back().name += fmt::format(" {}={}", key, value);
  };
  for (const char* loss : kLosses) with({{"loss", loss}});
  if (options.value("target", "") == "none") with({{"loss", "dlr"}, {"target", "second"}});
  if (challenges.empty()) return {};
  return claim.beaten("losses", challenges, "the attack's loss has vanishing or misleading gradients here");
}

double losses_cost(const Claim& claim) {
  const auto each = [&] {
    if (!claim.is_made()) return 1.0;
    const auto attack = claim.with_losses();
    if (attack == claim.strongest().attack) return claim.gradients_each();
    if (!claim.allows(*attack)) return 0.0;
    const int64_t steps = whole_option(*attack, "steps", 1) * whole_option(*attack, "restarts", 1);
    return static_cast<double>(steps) * claim.draws_on(*claim.bare());
  };
  return static_cast<double>(kLosses.size() + 1) * each();  // and DLR with a target
}

}  // namespace aigis::checks
