// Lists of what clean and attacked passes say, side by side with their intervals.
#pragma once

#include <string>
#include <utility>

#include "lib/eval/tally.h"

namespace aigis {

/// {"before", "before_ci95", "after", "after_ci95"}, each of `count` entries. `at(pass, i)` is the pair of the value
/// and its interval.
template <class ValueAndEnds>
Json before_and_after(const PassTally& clean, const PassTally& attacked, size_t count, ValueAndEnds&& at) {
  Json facts = Json::object();
  for (const auto& [when, pass] : {std::pair{"before", &clean}, std::pair{"after", &attacked}}) {
    Json values = Json::array(), ends = Json::array();
    for (size_t i = 0; i < count; ++i) {
      const auto [value, interval] = at(*pass, i);
      values.push_back(value);
      ends.push_back(interval);
    }
    facts[when] = values;
    facts[std::string(when) + "_ci95"] = ends;
  }
  return facts;
}

}  // namespace aigis
