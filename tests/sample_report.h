// A report made by tests/golden/make_sample_report.py, for tests of what reads reports.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "lib/core/files.h"
#include "lib/core/json.h"

namespace aigis {

/// A path in a folder of this process alone, which goes with it: programs of the suite run side by side.
inline std::string scratch(const std::string& name) {
  static const struct Folder {
    std::string path = fmt::format("{}aigis-test-{}", testing::TempDir(), ::getpid());
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  } folder;
  return folder.path + "/" + name;
}

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
