// Searches for the nearest adversarial image, one after the other towards each of the likeliest wrong classes: the
// class that is likeliest on the way need not be the one whose boundary is nearest.
#pragma once

#include <functional>

#include "attacks/parts/nearest.h"

namespace aigis {

/// `targets`, for search_towards() below.
void bind_targets(OptionTable& table, int64_t* targets);
/// Throws InputError if a model has not so many wrong classes.
void check_targets(int64_t targets, const ModelCard& card);

/// Calls `search` with the images that are not done: once, without targets, for 0; else once for each target.
void search_towards(const Nearest& nearest, int64_t targets, const std::function<void(Searched rows)>& search);

}  // namespace aigis
