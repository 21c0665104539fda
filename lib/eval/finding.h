// What a check of an evaluation has found out about one of its claims.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/core/json.h"

namespace aigis {

struct Finding {
  enum class Level {
    passed,     ///< what the check looks for is not there, or too small for it to see
    undecided,  ///< there was too little to judge by
    warning,    ///< robustness may be overstated
    error,      ///< the numbers cannot be right
  };

  std::string check;  ///< its name in the list of checks
  Level level = Level::passed;
  std::string message;  ///< one sentence
  Json numbers = Json::object();
  int64_t count = 0;                               ///< images that it was judged on
  std::optional<double> smallest_effect = {};      ///< the least share of images that it could have seen
  std::vector<std::pair<size_t, size_t>> of = {};  ///< what it speaks of: run and budget of the plan, of one model

  bool is_raised() const { return level == Level::warning || level == Level::error; }
  static const char* level_name(Level level);
  /// For journals.
  Json to_json() const;
  static Finding from_json(const Json& json);
};

}  // namespace aigis
