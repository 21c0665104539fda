// Whether a constraint holds where a pass of the ascent does not tell: under random gates one draw says little, and the
// best of many iterates by their one draw each is a lucky one; and a pass that is rounded for a fast gradient may open
// other gates.
#pragma once

#include "attacks/parts/objective.h"

namespace aigis {

/// The farthest image on the way from the clean one to the one found, in tenths of it, for which the constraint holds
/// in each of 20 fresh draws, each compared with the clean image's own: so in the mean over images, and not for each of
/// them, it holds in 95 % of all draws, though several images are tried. The clean image where none is left. Draws from
/// `first` on are used. Without random gates one pass tells all; none is made where the passes for gradients are as
/// exact, and the images found are returned as they are.
at::Tensor confirmed(Victim& victim, const at::Tensor& clean, const at::Tensor& found, const at::Tensor& ids,
                     const Goal& goal, const Constraint& constraint, Position first);

}  // namespace aigis
