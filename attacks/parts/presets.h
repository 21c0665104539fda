// Defaults of other tools, by the tool's name: what a number means depends on whose it is.
#pragma once

#include "lib/core/options.h"
#include "lib/eval/norm.h"

namespace aigis {

struct Preset {
  std::string name;
  std::vector<Norm> norms;  ///< in which that tool has this attack, with these numbers
  std::string options;      ///< as in a spec: "steps=40,start=clean"
  std::string note = {};    ///< what the help says of it besides
};
using Presets = std::vector<Preset>;

/// The option `preset`; `chosen` remembers which was taken.
void bind_presets(OptionTable& table, std::string* chosen, const Presets& presets);

/// The norms that the chosen one is for; without one, all.
std::vector<Norm> norms_of(const Presets& presets, const std::string& chosen);

/// Why the chosen one is not for another norm, and which are; empty where no preset decides.
std::string refusal_of(const Presets& presets, const std::string& chosen, Norm norm);

}  // namespace aigis
