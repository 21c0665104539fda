// The attacks, by name. Tests, `aigis list attacks` and reports follow this list.
#pragma once

#include "lib/eval/attack.h"

namespace aigis {

const Catalogue<Attack>& attack_list();

}  // namespace aigis
