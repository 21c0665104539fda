#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <fmt/format.h>

#include <map>
#include <mutex>

#include "checks/checks.h"
#include "checks/variation.h"
#include "lib/metrics/interval.h"

namespace aigis::checks {
namespace {

/// Remembers the cross-entropy of every query that an attack makes.
class Trace : public Model {
 public:
  Trace(std::shared_ptr<Model> model, const Dataset& data) : model_(std::move(model)) {
    for (int64_t i = 0; i < data.size(); ++i) labels_[data.ids[i].item<int64_t>()] = data.labels[i].item<int64_t>();
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = model_->forward(images, pass);
    if (!at::GradMode::is_enabled()) return output;  // the verdict
    const at::Tensor chances = output.logits.detach().log_softmax(1).to(at::kDouble).cpu();
    const std::scoped_lock lock(guard_);
    for (int64_t i = 0; i < images.size(0); ++i) {
      const auto label = labels_.find(pass.image_ids[i].item<int64_t>());
      if (label != labels_.end()) losses_[label->first].push_back(-chances[i][label->second].item<double>());
    }
    return output;
  }
  const ModelCard& card() const override { return model_->card(); }
  bool is_training() const override { return model_->is_training(); }
  const std::vector<double>& losses(int64_t id) { return losses_[id]; }

 private:
  std::shared_ptr<Model> model_;
  std::mutex guard_;
  std::map<int64_t, int64_t> labels_;
  std::map<int64_t, std::vector<double>> losses_;
};

/// Steps of an attack that is one ascent of the label's loss, in which the queries of a step stand side by side; 0 for
/// others, which have stages, search, or are out for something else, too.
int64_t steps_of_ascent(const Attack& attack) {
  const Json options = attack.options();
  const bool is_ascent = options.contains("relative_step_size") && options.contains("loss") &&
                         attack.learns_from() == 0 && attack.gate_paths().size() == 1;
  const bool is_of_label = attack.aim() == Aim::wrong_answer && !attack.is_targeted();
  return is_ascent && is_of_label ? whole_option(attack, "steps", 0) : 0;
}

double mean(const std::vector<double>& numbers, size_t begin, size_t count) {
  double sum = 0;
  for (size_t i = begin; i < begin + count; ++i) sum += numbers[i];
  return sum / static_cast<double>(count);
}

}  // namespace

std::optional<Finding> iterated(const Claim& claim) {
  return claim.beaten_by("iterated", "pgd:steps=20", "the attacks are too weak to claim robustness by");
}

std::optional<Finding> longer(const Claim& claim) {
  if (!claim.is_made()) return {};
  const Attack& strongest = *claim.strongest().attack;
  const Json options = strongest.options();
  std::vector<std::pair<std::string, std::string>> changes;
  for (const char* key : {"steps", "restarts", "queries"}) {
    if (!options.contains(key)) continue;
    changes.emplace_back(key, std::to_string(2 * whole_option(strongest, key, 1)));
  }
  if (changes.empty()) return {};
  const auto attack = varied(strongest, changes);
  if (!attack) return {};
  Challenge twice = claim.challenge(attack, claim.strongest().access);
  twice.name += " at twice the length";
  return claim.beaten("longer", {twice}, "the attack had not converged");
}

std::optional<Finding> loss_growth(const Claim& claim) {
  constexpr int64_t kLong = 40, kLast = 10;
  constexpr double kMost = 0.05;
  if (!claim.is_made()) return {};
  std::vector<size_t> long_ascents;
  for (const size_t r : claim.attacks()) {
    const Run& run = claim.plan().runs[r];
    if (!run.access.surrogate && steps_of_ascent(*run.attack) >= kLong) long_ascents.push_back(r);
  }
  if (long_ascents.empty()) {
    return claim.without_attack(
        "loss-growth", fmt::format("not made: no attack is one ascent of the label's loss in {} steps or more", kLong));
  }
  const size_t judged = claim.with_fewest_right(long_ascents, claim.epsilon());
  const Run& run = claim.plan().runs[judged];
  const int64_t steps = steps_of_ascent(*run.attack);
  const auto trace = std::make_shared<Trace>(claim.bare(), claim.sample());
  const Challenge again = claim.challenge(run.attack, run.access, trace);
  const auto all_steps = static_cast<size_t>(steps * whole_option(*run.attack, "restarts", 1));
  double before = 0, after = 0;
  std::vector<double> beyond;  // of each image, what its loss grew by, less the growth that is let pass
  Finding finding = claim.about_budget("loss-growth", {judged});
  for (size_t i = 0; i < again.hits.size(); ++i) {
    const std::vector<double>& losses = trace->losses(claim.sample().ids[static_cast<int64_t>(i)].item<int64_t>());
    const size_t queries = losses.size() / all_steps;  // a step
    if (again.hits[i] == 0 || queries == 0) continue;
    ++finding.count;
    const double earlier = mean(losses, losses.size() - (kLast + 1) * queries, queries);
    const double later = mean(losses, losses.size() - queries, queries);
    before += earlier;
    after += later;
    beyond.push_back(later - (1 + kMost) * earlier);
  }
  if (again.hits.empty()) return claim.not_made(finding);
  const double growth = finding.count > 0 && before > 0 ? (after - before) / before : 0;
  finding.smallest_effect = kMost;
  finding.numbers = {{"growth", growth}, {"steps", kLast}};
  finding.message = fmt::format("{}'s loss of {} images that stand grew by {:.1f} % in the last {} of {} steps",
                                again.name, finding.count, 100 * growth, kLast, steps);
  if (finding.count < fewest(1)) {
    finding.level = Finding::Level::undecided;
    finding.message += ": too few to tell";
  } else if (growth > kMost) {
    const bool is_more_than_chance = mean_interval(beyond).low > 0;
    finding.level = is_more_than_chance ? Finding::Level::warning : Finding::Level::undecided;
    finding.message += is_more_than_chance ? ": the attack had not converged" : ", which may be chance";
  }
  return finding;
}

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
  for (const char* loss : {"ce", "margin", "dlr"}) with({{"loss", loss}});
  if (options.value("target", "") == "none") with({{"loss", "dlr"}, {"target", "second"}});
  if (challenges.empty()) return {};
  return claim.beaten("losses", challenges, "the attack's loss has vanishing or misleading gradients here");
}

}  // namespace aigis::checks
