// The defenses that exist.
#pragma once

#include "lib/core/catalogue.h"
#include "lib/eval/defense.h"

namespace aigis {

/// 'none', the absent defense, is not among them.
const Catalogue<Defense>& defense_list();

}  // namespace aigis
