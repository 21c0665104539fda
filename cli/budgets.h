// The budgets of an evaluation, as its settings name them.
#pragma once

#include <vector>

#include "cli/settings.h"
#include "lib/eval/norm.h"

namespace aigis {

/// The budgets of the setting `eps`, in units of the pixel range, rising. Throws InputError where a budget is out of
/// the norm's range or given twice, and where there is none but the default, which is for Linf, in another norm.
std::vector<double> read_epsilons(const Settings& settings, Norm norm);

}  // namespace aigis
