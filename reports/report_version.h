// The version of a report, and the versions since which verify must read it otherwise.
#pragma once

#include <cstdint>
#include <string>

namespace aigis {

/// MAJOR.MINOR of reports/schema/report.schema.json; a new minor version adds keys, or says where it redefines one.
inline constexpr int64_t kReportMajor = 1, kReportMinor = 17;

inline std::string report_version() { return std::to_string(kReportMajor) + "." + std::to_string(kReportMinor); }

/// Minor versions, by what came with them.
namespace since {

inline constexpr int64_t kComparisons = 4;
inline constexpr int64_t kCurves = 5;
inline constexpr int64_t kTextHash = 11;
inline constexpr int64_t kOtherDraws = 12;        ///< worst cases are judged by draws that did not choose them
inline constexpr int64_t kTargetsUnnested = 12;   ///< attacks with a target are never nested
inline constexpr int64_t kDefendedGraphs = 14;    ///< gates=frozen keeps the graph of what a defense makes of an image
inline constexpr int64_t kSeededFixedNoise = 14;  ///< noise=fixed follows the seed, and is not that of seed 0
inline constexpr int64_t kFrozenRecord = 17;      ///< clean accuracy of gates=frozen is held against argmax's record

}  // namespace since
}  // namespace aigis
