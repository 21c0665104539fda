// What `aigis export` keeps beside a model in its TorchScript file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace aigis {

inline constexpr const char* kScriptFacts = "aigis.json";  ///< name of the entry in the archive

struct ScriptFacts {
  std::string architecture;          ///< with every option, "aig-20:gates=argmax,…"
  std::vector<int64_t> input;        ///< {3, 32, 32}
  std::vector<std::string> classes;  ///< names of the outputs

  std::string text() const;
  /// Throws InputError that names the file.
  static ScriptFacts parse(const std::string& text, const std::string& path);
};

}  // namespace aigis
