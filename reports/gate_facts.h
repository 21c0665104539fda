// What a count of passes says of gates and cost: shared by reports of attacks and of inspections.
#pragma once

#include "lib/eval/tally.h"

namespace aigis {

/// {"mean", "per_layer": [L], "per_class": [K][L]}; a class without images is null.
Json gate_rates(const PassTally& pass, size_t layers);

/// Mean executed multiply-accumulates of one image.
double executed_macs(const ModelCard& card, const PassTally& pass);

}  // namespace aigis
