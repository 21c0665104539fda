// A report made by tests/golden/make_sample_report.py, for tests of what reads reports.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>

#include "lib/core/files.h"
#include "lib/core/json.h"
#include "tests/scratch.h"

namespace aigis {

/// `arguments`: those of the generator.
inline Json sample(const std::string& arguments = "") {
  static std::map<std::string, Json> made;
  if (made.contains(arguments)) return made[arguments];
  const std::string path = scratch("sample.json");
  const std::string command = fmt::format("'{}' '{}/tests/golden/make_sample_report.py' '{}' {}", AIGIS_PYTHON,
                                          AIGIS_SOURCE_DIR, path, arguments);
  if (std::system(command.c_str()) != 0) throw std::runtime_error("cannot make the sample: " + command);
  return made[arguments] = Json::parse(read_file(path));
}

}  // namespace aigis
