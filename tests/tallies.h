// What a sweep counted, to be compared with what another one did.
#pragma once

#include "lib/eval/tally.h"

namespace aigis {

/// All but what a clock tells.
inline Json without_seconds(const RunTally& tally) {
  Json json = tally.to_json();
  for (Json& cell : json["cells"]) cell.erase("seconds");
  return json;
}

}  // namespace aigis
