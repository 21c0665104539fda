#include "attacks/parts/presets.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/core/text.h"

namespace aigis {
namespace {

bool among(const std::vector<Norm>& norms, Norm norm) {
  return std::find(norms.begin(), norms.end(), norm) != norms.end();
}

std::string told(const std::vector<Norm>& norms, const std::string& separator) {
  std::vector<std::string> names;
  for (const Norm norm : norms) names.emplace_back(norm_name(norm));
  return join(names, separator);
}

}  // namespace

void bind_presets(OptionTable& table, std::string* chosen, const Presets& presets) {
  std::vector<OptionTable::Set> sets;
  for (const Preset& preset : presets) {
    const std::string note = preset.note.empty() ? "" : ", " + preset.note;
    sets.push_back({preset.name, preset.options, told(preset.norms, ", ") + note});
  }
  table.presets("preset", chosen, std::move(sets));
}

std::vector<Norm> norms_of(const Presets& presets, const std::string& chosen) {
  for (const Preset& preset : presets) {
    if (preset.name == chosen) return preset.norms;
  }
  return all_norms();
}

std::string refusal_of(const Presets& presets, const std::string& chosen, Norm norm) {
  const std::vector<Norm> norms = norms_of(presets, chosen);
  if (among(norms, norm) || !among(all_norms(), norm)) return {};
  std::vector<std::string> others;
  for (const Preset& preset : presets) {
    if (among(preset.norms, norm)) others.push_back(preset.name);
  }
  others.emplace_back("none");
  return fmt::format("preset={} is for the norm {}, not {}; expected {}", chosen, told(norms, " or "), norm_name(norm),
                     join(others, ", "));
}

}  // namespace aigis
