// Options of gated networks that may differ from those that their weights were trained with, in models and in what
// reports tell of them.
#pragma once

#include <array>

namespace aigis {

/// How gates decide.
inline constexpr std::array kGateOptions{"gates", "draws", "graph", "layers"};
/// How what closed gates skip is left out.
inline constexpr const char* kExecutionOption = "execution";

}  // namespace aigis
