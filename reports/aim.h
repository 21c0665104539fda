// What attacks are out for, in the words of a report.
#pragma once

#include <string>

#include "lib/core/json.h"
#include "lib/eval/attack.h"

namespace aigis {

/// "wrong-answer" and so on: `aim` of an attack in the report.
std::string aim_name(Aim aim);

/// What a report calls the worst of several attacks for each image.
inline constexpr const char* kWorstCase = "worst-case";

/// Whether robust accuracy is what an attack of the report wants less of, so that models are robust by it. Reports
/// before 1.8 do not say: all of theirs are taken for such.
bool wants_wrong_answer(const Json& attack);

}  // namespace aigis
