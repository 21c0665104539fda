// Runs of a report that models are compared by, and what is decided by them.
#pragma once

#include <string>

#include "lib/core/json.h"
#include "reports/decided_text.h"

namespace aigis {

inline Json run(const char* model, double epsilon, const char* attack = "fgsm", const char* access = "white-box") {
  return {{"model", model},
          {"attack", {{"name", attack}, {"options", Json::object()}}},
          {"defense", {{"name", "none"}}},
          {"access", access},
          {"epsilon", epsilon},
          {"norm", "linf"},
          {"accuracy", {{"draws", 1}}}};
}

inline std::string decided_in(const Json& report) { return decided_text(plotting::join_runs({&report, 1})); }

}  // namespace aigis
