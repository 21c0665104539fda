// What a JSON Schema cannot say of a report: that its parts fit each other.
#pragma once

#include <string>

#include "lib/core/json.h"

namespace aigis {

/// Holds a report that satisfies its schema to this: models have different ids, runs refer to models that exist, arrays
/// per layer and class have the lengths that the model and the data set call for, means are those of what they sum up,
/// histograms hold every pass, and intervals are Wilson's where each image was judged once, and hold their value
/// elsewhere. Of a train.json: every epoch has a rate for each gated layer. Throws InputError in the manner of
/// validate_report.
void check_consistency(const Json& report, const std::string& path);

}  // namespace aigis
