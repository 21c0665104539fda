#include "cli/trainable.h"

#include <fmt/format.h>

#include <algorithm>

#include "attacks/list.h"
#include "lib/core/error.h"
#include "lib/eval/runs.h"
#include "models/checkpoint.h"

namespace aigis {
namespace {

/// Whether labels neither make an attack's gradients nor choose among its iterates and restarts.
bool is_blind_to_labels(const Attack& attack) {
  const Json options = attack.options();
  return options.value("loss", "") == "kl" && options.value("keep", "") == "last" && options.value("restarts", 0) == 1;
}

}  // namespace

void check_trainable(const Spec& architecture) {
  if (is_checkpoint(architecture)) {
    throw InputError(
        fmt::format("model '{}': expected an architecture to train, such as resnet-20 or aig-20", architecture.name));
  }
  const std::vector<std::string>& at_inference = find_architecture(architecture.name).first->run_options;
  for (const auto& [key, value] : architecture.options) {
    if (std::find(at_inference.begin(), at_inference.end(), key) == at_inference.end()) continue;
    throw InputError(
        fmt::format("model '{}': option '{}' acts at inference, and training always samples; give it with the "
                    "checkpoint",
                    architecture.text(), key));
  }
}

std::pair<Dataset, Dataset> training_data(const Spec& data, int64_t limit) {
  for (const auto& [key, value] : data.options) {
    if (key != "part") continue;
    throw InputError(
        fmt::format("data '{}': option 'part' is for evaluations; training takes the train part and is judged by the "
                    "held-out one",
                    data.text()));
  }
  Dataset train = load_dataset(data, Part::train).first(limit);
  if (train.size() < 2) throw InputError(fmt::format("{} training images; expected at least 2", train.size()));
  if (train.classes.size() < 2) {
    throw InputError(fmt::format("data '{}' has {} class; expected at least 2", data.text(), train.classes.size()));
  }
  Dataset held_out = load_dataset(data, Part::held_out);
  if (held_out.size() == 0) {
    throw InputError(
        fmt::format("data '{}' is too small: a tenth of it is held out, and that is no image", data.text()));
  }
  return {std::move(train), std::move(held_out)};
}

void check_milestones(const TrainOptions& options) {
  for (const double milestone : options.milestones) {
    if (milestone < static_cast<double>(options.epochs)) continue;
    throw InputError(fmt::format("milestones: {} never comes in {} epochs; expected numbers below {}", milestone,
                                 options.epochs, options.epochs));
  }
}

std::optional<AdversarialTraining> adversarial_training(const TrainOptions& options, const ModelCard& card) {
  const auto attack = make_or_none(attack_list(), "attack", Spec::parse(options.adversary));
  if (!attack) {
    if (options.trades > 0) throw InputError("trades needs an adversary, such as pgd:steps=10,loss=kl");
    if (options.adversary_eps != TrainOptions().adversary_eps) {
      throw InputError("adversary_eps needs an adversary, such as pgd:steps=7");
    }
    return {};
  }
  if (attack->learns_from() > 0) {
    throw InputError(
        fmt::format("adversary '{}' has to learn from a finished network; expected one such as pgd", attack->name()));
  }
  check_norm(*attack, Norm::linf);
  check_attack(*attack, card);
  if (options.mixup > 0 && !is_blind_to_labels(*attack)) {
    throw InputError(
        fmt::format("adversary '{}': mixup gives an image two labels; expected one with loss=kl, keep=last and "
                    "restarts=1, which heeds neither, such as pgd:steps=10,loss=kl, or mixup=0",
                    options.adversary));
  }
  const auto pgd = make_or_none(attack_list(), "attack", Spec::parse("pgd"));
  return AdversarialTraining{{attack, options.adversary_eps}, {pgd, options.adversary_eps}};
}

}  // namespace aigis
