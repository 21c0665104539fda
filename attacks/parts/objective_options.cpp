#include <ATen/ops/full_like.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "attacks/parts/objective.h"
#include "attacks/parts/random.h"
#include "lib/core/error.h"
#include "lib/core/text.h"

namespace aigis {
namespace {

const std::vector<std::string> kWords{"none", "random", "least-likely", "second"};

bool is_word(const std::string& target) { return std::find(kWords.begin(), kWords.end(), target) != kWords.end(); }

int64_t class_number(const std::string& target) {
  try {
    return parse_integer(target, "option 'target'");
  } catch (const InputError&) {
    throw InputError(
        fmt::format("option 'target': expected {} or a class's number, got '{}'", join(kWords, ", "), target));
  }
}

}  // namespace

void ObjectiveOptions::bind(OptionTable& table) {
  bind_loss(table);
  bind_target(table);
  bind_gates(table);
}

void ObjectiveOptions::bind_target(OptionTable& table) {
  table.text("target", &target,
             "class to be taken for: none, random, least-likely, second (the likeliest wrong one) or a class's number");
}

void ObjectiveOptions::bind_loss(OptionTable& table, bool with_kl) {
  std::vector<std::pair<std::string, LossKind>> kinds{
      {"ce", LossKind::cross_entropy}, {"margin", LossKind::margin}, {"dlr", LossKind::dlr}};
  std::string summary = "what is maximised: cross-entropy, the margin of logits (Carlini & Wagner), DLR (Croce & Hein)";
  if (with_kl) {
    kinds.emplace_back("kl", LossKind::kl);
    summary += ", or the divergence from the clean image's answer, which needs a random start";
  }
  table.choice<LossKind>("loss", &loss, kinds, summary);
}

void ObjectiveOptions::bind_gates(OptionTable& table) {
  table.integer("draws", &draws, 1, 10'000, "gradients a step averages over, for random gates (EOT)");
  path.bind(table, true);
}

void GatePathOptions::bind(OptionTable& table, bool with_expectation) {
  std::vector<std::pair<std::string, GateGradient>> paths;
  const auto offer = [&](GateGradient path) { paths.emplace_back(gate_gradient_name(path), path); };
  offer(GateGradient::straight_through);
  offer(GateGradient::relaxed);
  offer(GateGradient::fixed_graph);
  std::string summary =
      "how the gradient passes hard gates: through them, by the slope alone of a network whose gates are soft, or "
      "around them, the executed graph taken as given";
  if (with_expectation) {
    offer(GateGradient::expectation);
    summary += "; expectation adds to that what opening each gate is measured to bring, a forward pass for each";
  }
  table.choice<GateGradient>("gates", &gradient, paths, summary);
  table.number("temperature", &temperature, 0.01, 100, "", "of the soft gates")
      .only_with("gates=straight-through|relaxed");
}

void bind_stop(OptionTable& table, bool* stop) {
  table.flag("stop", stop,
             "leave an image once it is broken, where the model that is attacked also judges and is deterministic");
}

void bind_classes(OptionTable& table, int64_t* classes) {
  table.integer("classes", classes, 0, 10'000,
                "wrong classes that are aimed at, the likeliest first; 0: all, but at most 9");
}

int64_t wrong_classes(int64_t wanted, int64_t classes) {
  constexpr int64_t kUsual = 9;
  return std::min(wanted > 0 ? wanted : kUsual, classes - 1);
}

at::Tensor likeliest_wrong(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor others = logits.scatter(1, labels.unsqueeze(1), -std::numeric_limits<double>::infinity());
  return others.argsort(/*stable=*/true, 1, /*descending=*/true).slice(1, 0, logits.size(1) - 1);
}

void check_wrong_classes(const std::string& option, int64_t wanted, const ModelCard& card) {
  if (wanted < card.classes) return;
  throw InputError(fmt::format("option '{}': {}; expected at most {}, the wrong classes of {}", option, wanted,
                               card.classes - 1, card.classes));
}

void check_target(const ObjectiveOptions& options, const ModelCard& card) {
  if (options.loss == LossKind::kl && options.targeted()) {
    throw InputError("option 'target': the loss kl moves away from the clean answer and knows no target");
  }
  if (is_word(options.target)) return;
  const int64_t klass = class_number(options.target);
  if (klass < 0 || klass >= card.classes) {
    throw InputError(
        fmt::format("option 'target': the model has no class {}; expected 0 to {}", klass, card.classes - 1));
  }
}

at::Tensor targets_of(const ObjectiveOptions& options, Victim& victim, const Batch& batch) {
  if (!options.targeted()) return {};
  const int64_t classes = victim.card().classes;
  if (options.target == "random") {
    const at::Tensor draws = uniform_numbers(batch.ids, 1, victim.draws({}), Use::target).squeeze(1);
    const at::Tensor shift = (draws * static_cast<double>(classes - 1)).floor().to(at::kLong) + 1;
    return (batch.labels + shift.to(batch.labels.device())).remainder(classes);
  }
  if (!is_word(options.target)) return at::full_like(batch.labels, class_number(options.target));
  const at::Tensor logits = victim.forward(batch.images, batch.ids, {}).logits;
  const bool least = options.target == "least-likely";
  const double excluded = least ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
  const at::Tensor others = logits.scatter(1, batch.labels.unsqueeze(1), excluded);
  return least ? others.argmin(1) : others.argmax(1);
}

}  // namespace aigis
