// What `aigis list` prints for people.
#pragma once

#include "lib/core/json.h"

namespace aigis {

/// Entries one after the other, each with its options; those that many share once, below.
void print_rows(const Json& list);

}  // namespace aigis
