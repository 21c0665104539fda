// Runs of a list that would fall on the same point of a figure.
#pragma once

#include "reports/plot/runs.h"

namespace aigis::plotting {

/// Lengthens the labels of such runs by what tells them apart. Of those that nothing does, keeps the last, and notes
/// for every run its place in what is left.
void make_distinct(RunList& list);

}  // namespace aigis::plotting
