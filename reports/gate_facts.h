// What a count of passes says of gates: for reports of attacks and of inspections.
#pragma once

#include "lib/eval/tally.h"

namespace aigis {

/// {"mean", "per_layer": [L], "per_class": [K][L]}; a class without images is null.
Json gate_rates(const PassTally& pass, size_t layers);

/// The report's "gates" of a run, with intervals over images in which the draws of one image are a cluster; null for a
/// model without any.
Json gate_facts(const ModelCard& card, const RunTally& tally, const CellTally& cell);

}  // namespace aigis
