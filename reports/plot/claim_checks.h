// What the checks of a report say of a claim that one model is more robust than another.
#pragma once

#include <string>
#include <vector>

#include "reports/plot/runs.h"

namespace aigis::plotting {

/// Checks that are raised against a lead, by name: the leader's robustness may be overstated, or the follower's numbers
/// cannot be right.
std::vector<std::string> raised_against(const RunList& list, const PlottedRun& leader, const PlottedRun& follower,
                                        size_t file);

/// What the leader's other checks leave open, a line for each reason: some are undecided; some passed at another budget
/// than the leader's, where the claim is not one over all; or on a sample of which only a large part could have been
/// seen to fall.
std::vector<std::string> left_open(const RunList& list, const PlottedRun& leader, size_t file, bool is_of_curve);

}  // namespace aigis::plotting
