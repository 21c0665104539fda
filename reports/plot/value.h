// Reading a report without trusting it, and writing its numbers for people.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>

#include "lib/core/json.h"

namespace aigis::plotting {

/// The value at a path of keys; null where a key is missing or what holds it is no object.
const Json& at(const Json& json, std::initializer_list<const char*> keys);
/// A finite number, if one is there.
std::optional<double> number_at(const Json& json, std::initializer_list<const char*> keys);
/// A text, or the JSON of what else is there; empty for null.
std::string text_of(const Json& json);
std::string text_at(const Json& json, std::initializer_list<const char*> keys);

/// A share with its interval.
struct Share {
  double value = 0;
  std::optional<double> low, high;
};
/// accuracy.clean and the like: nothing without a value; the bounds may be missing.
std::optional<Share> share_of(const Json& proportion);
/// A value and [low, high] that stand apart.
std::optional<Share> share_of(std::optional<double> value, const Json& ends);

/// "12.3 %", or "–" for nothing.
std::string percent(std::optional<double> share);
/// "12.3 % [10.1, 14.8]"
std::string percent(const std::optional<Share>& share);
/// For a cell of a table whose head says %: "84.2 <small>[81.8, 86.3]</small>", or "–".
std::string share_cell(const std::optional<Share>& share);
/// "40.8 M"
std::string magnitude(std::optional<double> value);
/// A budget: "8/255" for linf, "0.5" for other norms.
std::string epsilon_text(double epsilon, const std::string& norm);
/// A model's id for a figure: "models/aig-20.safetensors:gates=argmax" as "aig-20 gates=argmax". Training calls every
/// file "model" and puts it into a folder of its own, whose name then says more.
std::string short_id(const std::string& id);

}  // namespace aigis::plotting
