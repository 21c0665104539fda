// The train.json files among those that are drawn, with names short enough to draw.
#pragma once

#include <string>
#include <vector>

#include "lib/core/json.h"

namespace aigis::plotting {

struct Record {
  std::string label;  ///< "aig-20"
  const Json* json;   ///< of the whole file
};

/// Records by architecture; those of one architecture by their seeds where nothing else differs, or by their place
/// among the files. A run that starts from another's weights says so: it is no training from scratch.
std::vector<Record> records_of(const std::vector<Json>& files);

/// Its epochs; none where the file has no list of them.
const Json& curve_of(const Record& record);

}  // namespace aigis::plotting
