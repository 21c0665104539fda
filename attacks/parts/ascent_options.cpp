#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "attacks/parts/ascent.h"
#include "lib/core/error.h"

namespace aigis {

void AscentOptions::bind_step_size(OptionTable& table) {
  table.number("relative_step_size", &relative_step_size, 1e-6, 10, "epsilons", "length of a step")
      .only_with("step_size=0");
  table
      .number("step_size", &step_size, 0, 1e4, "as epsilon",
              "length of a step that is the same for all epsilons; 0: relative_step_size, given beside it, says")
      .zero_needs("relative_step_size");
  table.choice<Decay>("decay", &decay, {{"none", Decay::none}, {"linear", Decay::linear}, {"cosine", Decay::cosine}},
                      "how steps shorten from the first to the last");
}

void AscentOptions::bind_start(OptionTable& table) {
  table.choice<Start>("start", &start, {{"clean", Start::clean}, {"uniform", Start::uniform}, {"sign", Start::sign}},
                      "the clean image, uniform in the ball, or a random corner of it");
}

double AscentOptions::step_length(double epsilon, uint32_t number) const {
  const double first = step_size > 0 ? step_size : relative_step_size * epsilon;
  const double progress = static_cast<double>(number) / static_cast<double>(steps);
  switch (decay) {
    case Decay::none: return first;
    case Decay::linear: return first * (1 - progress);
    case Decay::cosine: return first * (1 + std::cos(std::numbers::pi * progress)) / 2;
  }
  return first;
}

int64_t AscentOptions::l1_coordinates(const at::Tensor& images) const {
  return std::max<int64_t>(1, std::llround(l1_share * static_cast<double>(images[0].numel())));
}

void AscentOptions::bind(OptionTable& table, const Presets& tools) {
  bind_presets(table, &preset, tools);
  table.integer("steps", &steps, 1, 100'000, "gradient steps");
  bind_step_size(table);
  bind_start(table);
  table.number("start_size", &start_size, 0, 1, "epsilons", "radius of the ball that the start is drawn from")
      .only_with("start=uniform|sign");
  table.integer("restarts", &restarts, 1, 10'000, "runs from other starts; the best of them counts");
  table.choice<Keep>("keep", &keep, {{"last", Keep::last}, {"best", Keep::best}},
                     "the last iterate, or of those that are broken, or else of all, that of the greatest loss");
  bind_stop(table, &stop);
  table.number("l1_share", &l1_share, 1e-9, 1, "share of the pixel values", "that a step changes in the norm l1");
  table.number("momentum", &momentum, 0, 100, "", "decay of the accumulated direction; 0: none (MI)");
  table.flag("nesterov", &nesterov, "take gradients where momentum will lead (NI)");
  table.integer("scales", &scales, 1, 30, "copies x, x/2, x/4, … whose gradients are averaged (SI)");
  table.integer("neighbours", &neighbours, 0, 1000, "images around the iterate that tune the gradient (VMI); 0: none");
  table.number("neighbourhood", &neighbourhood, 0, 100, "epsilons", "radius of the ball that they are drawn from")
      .only_with("neighbours>0");
  table.integer("samples", &samples, 1, 1000, "points along the last direction whose gradients are averaged (EMI)");
  table.number("sample_radius", &sample_radius, 0, 1000, "steps", "how far they reach").only_with("samples>1");
  diversity.bind(table);
  translation.bind(table);
  patchwise.bind(table);
  band.bind(table);
  objective.bind(table);
}

std::vector<Norm> AscentOptions::norms(const Presets& tools) const {
  std::vector<Norm> norms = norms_of(tools, preset);
  if (patchwise.active()) std::erase_if(norms, [](Norm norm) { return norm != Norm::linf; });
  return norms;
}

std::string AscentOptions::refusal(const Presets& tools, Norm norm) const {
  if (norms(tools).empty()) {
    return fmt::format("amplification above 0 is for the norm linf, and {}, or amplification=0",
                       refusal_of(tools, preset, Norm::linf));
  }
  if (patchwise.active() && (norm == Norm::l2 || norm == Norm::l1)) {
    return fmt::format("amplification above 0 is for the norm linf, not {}; expected the norm linf, or amplification=0",
                       norm_name(norm));
  }
  return refusal_of(tools, preset, norm);
}

void AscentOptions::check(const ModelCard& card) const {
  check_target(objective, card);
  for (const auto& [name, side] : {std::pair{"translation", translation.kernel}, {"patch", patchwise.kernel}}) {
    if (side != 0 && side % 2 == 0) {
      throw InputError(fmt::format("option '{}': a kernel has a middle; expected an odd number, got {}", name, side));
    }
  }
  if (band.active() && patchwise.active()) {
    throw InputError("option 'band': is for attacks without amplification, whose surplus leaves the band");
  }
  const bool starts_clean = start == Start::clean || start_size == 0;
  if (objective.answer_weight > 0 && objective.loss == LossKind::kl && starts_clean && neighbours == 0) {
    throw InputError(
        "option 'loss': kl has no slope at the clean image; expected start=uniform or start=sign, and a start_size "
        "above 0");
  }
  diversity.check(card);
  if (nesterov && momentum == 0) throw InputError("option 'nesterov': needs momentum above 0");
}

}  // namespace aigis
