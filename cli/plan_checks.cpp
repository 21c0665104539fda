#include "cli/plan_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "lib/core/error.h"
#include "lib/core/run_options.h"

namespace aigis {

void check_fit(const std::string& id, const ModelCard& card, const Dataset& data) {
  const auto size = data.images.sizes().slice(1);
  if (size != at::IntArrayRef(card.input)) {
    const bool is_folder_possible = card.input[0] == 3 && card.input[1] == card.input[2];
    throw InputError(
        fmt::format("model '{}' takes {} images; data '{}' has {}; expected a model trained on such images{}", id,
                    fmt::join(card.input, "x"), data.name, fmt::join(size, "x"),
                    is_folder_possible ? fmt::format(", or imagefolder with size={}", card.input[1]) : ""));
  }
  if (card.classes != static_cast<int64_t>(data.classes.size())) {
    throw InputError(
        fmt::format("model '{}' has {} classes; data '{}' has {}; expected a model trained on the data's classes", id,
                    card.classes, data.name, data.classes.size()));
  }
}

void check_examples_fit(const SweepPlan& plan) {
  constexpr double kMostGigabytes = 4;
  const int64_t pixels = plan.data.size() == 0 ? 0 : plan.data.images[0].numel();
  const auto runs = static_cast<double>(plan.models.size() * plan.runs.size() * plan.epsilons.size());
  const auto bytes = static_cast<int64_t>(c10::elementSize(plan.examples_as));
  const double gigabytes =
      runs * static_cast<double>(std::min(plan.examples, plan.data.size()) * pixels * bytes) * 1e-9;
  if (gigabytes > kMostGigabytes) {
    throw InputError(
        fmt::format("--save-examples {}: {:.0f} runs would keep {:.1f} GB of images; expected at most {} GB",
                    plan.examples, runs, gigabytes, kMostGigabytes));
  }
}

void check_latency(const SweepPlan& plan) {
  bool any = false;
  for (const auto& model : plan.models) {
    const ModelCard& card = model->card();
    if (card.gated.empty()) continue;
    any = true;
    if (card.options.value(kExecutionOption, "mask") == "mask") {
      throw InputError(fmt::format(
          "--latency: {} runs its closed layers and masks them, in the same time for every image; expected a model "
          "with execution=skip",
          card.architecture));
    }
  }
  if (!any) throw InputError("--latency: no model has gates; expected one with execution=skip");
}

}  // namespace aigis
