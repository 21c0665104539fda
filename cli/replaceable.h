// Which files a command may write over.
#pragma once

#include <string>

namespace aigis {

/// Throws InputError unless a file may be written at `path`: a new one, or in place of another with this `schema`,
/// which the message calls a `kind`.
void check_replaceable(const std::string& path, const std::string& schema, const std::string& kind);

}  // namespace aigis
