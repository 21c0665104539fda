// Whether an attack on gates does at least as much within a larger budget, in which all that it found within a smaller
// one still lies. (Of attacks on the answer the check `monotone` tells.)
#pragma once

#include "lib/eval/sweep.h"

namespace aigis {

/// Whether run `r` of the plan against model `m` at budget `e` is compared with the same at smaller budgets.
bool is_held_against_smaller_budgets(const SweepPlan& plan, size_t m, size_t r, size_t e);

/// Flags every run that, by what its attack is out for, does less than within a smaller budget, image by image
/// (effect.h) and beyond chance, and every one that is of too few images to tell. `runs` as in the report: in the order
/// model, run, epsilon.
void flag_smaller_budgets(const SweepPlan& plan, const SweepResult& result, Json& runs);

}  // namespace aigis
