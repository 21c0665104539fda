// Attacks made of others, by their options.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lib/eval/attack.h"

namespace aigis {

/// An attack with some of its options changed; null if it has not all of them, or does not take these values.
std::shared_ptr<const Attack> varied(const Attack& attack,
                                     const std::vector<std::pair<std::string, std::string>>& changes);

/// A whole number among an attack's options; `otherwise` where it has no such.
int64_t whole_option(const Attack& attack, const char* key, int64_t otherwise);

}  // namespace aigis
