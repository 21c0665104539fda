// Where tests leave their files.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>

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

}  // namespace aigis
