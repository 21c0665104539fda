#include "models/parts/script_facts.h"

#include "lib/core/error.h"
#include "lib/core/json.h"

namespace aigis {

std::string ScriptFacts::text() const {
  return Json{{"architecture", architecture}, {"input", input}, {"classes", classes}}.dump();
}

ScriptFacts ScriptFacts::parse(const std::string& text, const std::string& path) {
  const std::string what = path + ": its entry '" + kScriptFacts + "'";
  try {
    const Json json = parse_json(text, what);
    ScriptFacts facts{json.at("architecture"), json.at("input"), json.at("classes")};
    if (facts.input.size() != 3) throw InputError(what + ": 'input' is no size of images, such as [3, 32, 32]");
    return facts;
  } catch (const Json::exception&) {
    throw InputError(what + " cannot be read; expected what 'aigis export' writes");
  }
}

}  // namespace aigis
