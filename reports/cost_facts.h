// What passes say of the compute that gated models execute: for reports of attacks and of inspections.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/eval/tally.h"

namespace aigis {

/// Mean executed multiply-accumulates of one image.
double executed_macs(const ModelCard& card, const PassTally& pass);

/// Of each image of a gated model, in how many draws it is got wrong while a monitor of execution rates lets it pass.
std::vector<int64_t> unseen_and_wrong(const ModelCard& card, const RunTally& tally, const CellTally& cell);

/// The report's "macs" of a run: means with intervals over images, recovery, spread between draws, what a monitor of
/// execution rates lets pass, and the distribution.
Json cost_facts(const ModelCard& card, const RunTally& tally, const CellTally& cell);

}  // namespace aigis
