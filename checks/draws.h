// What attacks make of a model that draws.
#pragma once

#include <string>

#include "checks/claim.h"

namespace aigis::checks {

/// Draws of a step: all that an attack heeds, &Attack::draws, or &Attack::averaged_draws.
using DrawsOf = int64_t (Attack::*)() const;

/// Whether some attack on the answer has several of them.
bool has_several(const Claim& claim, DrawsOf draws);

/// The end of a sentence that misses such an attack: ", as ATTACK does", which is the strongest one with another option
/// if it can, else one that is made to; empty where the claim allows neither.
std::string as_others_do(const Claim& claim, DrawsOf draws);

}  // namespace aigis::checks
