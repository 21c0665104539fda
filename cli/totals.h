// Totals of a run that were counted again, and how far near ties may turn them.
#pragma once

#include <string>
#include <vector>

#include "cli/recount.h"

namespace aigis {

struct Total {
  const char* name;  ///< in a run's "accuracy"
  Proportion counted;
  int64_t slack;  ///< images that may count otherwise, as rounding turns near ties
};

/// Of images that were saved in a form: float, or uint8, which tells nothing of images before rounding. Of the verdicts
/// on the saved images themselves it is known which turned, so these have no other slack.
std::vector<Total> totals_of(const Recount& count, at::ScalarType form);

/// By how many images, at the most in one total, what a report says differs as near ties may; 0 where something differs
/// by more than they explain.
int64_t turned_in(const std::vector<Total>& totals, const Json& accuracy);

/// A line, with a JSON pointer that begins with `pointer`, for each total that a report says to be out of its bounds,
/// where only some of `images` images were counted again or near ties turned.
std::vector<std::string> out_of_bounds(const std::vector<Total>& totals, const Json& accuracy, int64_t images,
                                       const std::string& pointer);

}  // namespace aigis
