// What a count of passes says of gates and cost: shared by reports of attacks and of inspections.
#pragma once

#include "lib/eval/tally.h"

namespace aigis {

/// {"mean", "per_layer": [L], "per_class": [K][L]}; a class without images is null.
Json gate_rates(const PassTally& pass, size_t layers);

/// Mean executed multiply-accumulates of one image.
double executed_macs(const ModelCard& card, const PassTally& pass);

/// Of executed multiply-accumulates: "quantiles" of clean and attacked passes, and how often either exceeds what 95 %
/// of the clean ones keep to. Null for a model without gates, or without images.
Json cost_facts(const PassTally& clean, const PassTally& attacked);

}  // namespace aigis
