// A SPEC names one thing and its options: `jpeg:quality=75`, `imagefolder:DIR,size=224`, `fgsm`.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/core/json.h"

namespace aigis {

/// NAME, NAME:key=value,… or NAME:PATH,key=value,….
struct Spec {
  std::string name;
  std::string path;  ///< empty where none was given
  std::vector<std::pair<std::string, std::string>> options;

  /// Throws InputError on an empty name, an item without '=' behind the first, or a key given twice.
  static Spec parse(std::string_view text);
  /// A name with options as reports write them, {"quality": 75}.
  static Spec of(const std::string& name, const Json& options);
  /// The text that parses back to this spec.
  std::string text() const;
};

}  // namespace aigis
