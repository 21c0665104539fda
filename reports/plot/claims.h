// What a report supports of the form "this model is more robust than that one", and what becomes of it under the worst
// of all attacks and the checks.
#pragma once

#include <string>
#include <vector>

#include "reports/plot/runs.h"

namespace aigis::plotting {

/// From the best to the worst.
enum class Ruling { stands, unseen, questioned, unexamined, unjudged, undecided, reversed };

struct RulingWords {
  const char *sign, *words, *style;
};
const RulingWords& words_of(Ruling ruling);

/// Behind one defense, within one budget or over all of them.
struct Claim {
  size_t leader, follower;  ///< of the list's models
  std::string setting, budget;
  bool is_of_curve;  ///< over all budgets
  Ruling ruling;
  std::string points;  ///< by which it leads under the worst of all attacks, as HTML; "–" without
  std::vector<std::string> under, not_under;  ///< attacks that support it, and that do not
  std::vector<std::string> raised;            ///< checks that are raised against the leader, or errors of the follower
  std::vector<std::string> open;              ///< what the leader's other checks leave open, by reason
};

/// Every claim that some attack supports, the best first; over whole curves first, then at each budget. Nothing is
/// claimed of images that were made against another model.
std::vector<Claim> claims_of(const RunList& list);

}  // namespace aigis::plotting
