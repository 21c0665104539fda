#include "cli/replaceable.h"

#include <fmt/format.h>

#include <filesystem>

#include "lib/core/error.h"
#include "lib/core/files.h"
#include "reports/schema.h"

namespace aigis {

void check_replaceable(const std::string& path, const std::string& schema, const std::string& kind) {
  std::error_code error;
  if (std::filesystem::exists(path, error) && read_report(path)["schema"] != schema) {
    throw InputError(fmt::format("{}: is no {} but another file of aigis; choose another --out", path, kind));
  }
  check_writable(path);
}

}  // namespace aigis
