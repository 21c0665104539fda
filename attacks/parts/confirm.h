// Whether a constraint holds where a pass of the ascent does not tell: under random gates one draw says little, and the
// best of many iterates by their one draw each is a lucky one; and a pass that is rounded for a fast gradient may open
// other gates.
#pragma once

#include "attacks/parts/objective.h"

namespace aigis {

/// The farthest image on the way from the clean one to the one found, in tenths of it, for which the constraint holds
/// in each of 20 draws that no step has used, each compared with the clean image's own (told_at()). So in the
/// mean over images, and not for each of them, at most 1 in 21 of all draws breaks it (4.8 %), if what breaks it in a
/// draw breaks it farther along, too; without that, as ten images are tried by the same draws, at most 1 - 10^(-1/20)
/// of them do (10.9 %). The clean image where none is left. Without random gates one pass tells all; none is made where
/// the passes for gradients are as exact, and the images found are returned as they are.
at::Tensor confirmed(Victim& victim, const at::Tensor& clean, const at::Tensor& found, const at::Tensor& ids,
                     const Goal& goal, const Constraint& constraint);

}  // namespace aigis
