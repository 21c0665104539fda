// The attacks, by name. Tests, `aigis list attacks` and reports follow this list.
#pragma once

#include "lib/eval/attack.h"

namespace aigis {

const Catalogue<Attack>& attack_list();

/// By what a user types, "pgd:steps=20"; null for "none". Throws InputError.
std::shared_ptr<const Attack> attack_of(const std::string& spec);

}  // namespace aigis
