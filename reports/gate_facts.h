// What a count of passes says of gates: for reports of attacks and of inspections. Intervals are over images, in which
// the draws of one image are a cluster.
#pragma once

#include "lib/eval/tally.h"

namespace aigis {

/// {"mean", "ci95", "per_layer": [L], "per_layer_ci95", "per_class": [K][L], "per_class_ci95"}; a class without images
/// is null.
Json gate_rates(const ModelCard& card, const PassTally& pass);

/// The report's "gates" of a run; null for a model without any.
Json gate_facts(const ModelCard& card, const RunTally& tally, const CellTally& cell);

}  // namespace aigis
