// What searches for the nearest adversarial image are asked for.
#pragma once

#include <algorithm>

#include "lib/eval/attack.h"

namespace aigis {

/// So large that the verdict's projection changes nothing.
inline constexpr double kAnyDistance = 1000;

inline bool exists_in(const Attack& attack, Norm norm) {
  const auto norms = attack.norms();
  return std::find(norms.begin(), norms.end(), norm) != norms.end();
}

}  // namespace aigis
