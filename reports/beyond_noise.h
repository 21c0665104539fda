// Whether an attack did more than noise of the same size: the least that an attack owes.
#pragma once

#include "lib/eval/sweep.h"

namespace aigis {

bool is_noise(const Run& run);

/// Whether run `r` of the plan against model `m` at budget `e` is compared with noise behind the same defense and with
/// the same access: where that stands beside it, and always where the attack is out for gates, whose effect nothing
/// else tells from chance. What is out for a graph (Aim::graph) names the class that it is of (option "class"), and the
/// gates of a model without any do not move.
bool is_held_against_noise(const SweepPlan& plan, size_t m, size_t r, size_t e);

/// Flags every run that, by what its attack is out for, does no more than the noise beside it, or has none beside it.
/// The two are compared image by image (effect.h); of several noises the strongest is told. Noise that was picked for
/// its cost stands beside attacks that want the same of the cost. `runs` as in the report: in the order model, run,
/// epsilon.
void flag_noise(const SweepPlan& plan, const SweepResult& result, Json& runs);

}  // namespace aigis
