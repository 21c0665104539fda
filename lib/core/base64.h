// Bytes as text that JSON, data: URLs and content security policies can hold.
#pragma once

#include <string>
#include <string_view>

namespace aigis {

/// RFC 4648, section 4, with padding.
std::string base64(std::string_view bytes);

}  // namespace aigis
