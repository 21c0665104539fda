// The versions of what is written, and those of a report since which verify must read it otherwise.
#pragma once

#include <cstdint>
#include <string>

namespace aigis {

/// MAJOR.MINOR of a schema; a new minor version adds keys, or says where it redefines one.
struct SchemaVersion {
  int64_t major, minor;
  std::string text() const { return std::to_string(major) + "." + std::to_string(minor); }
};

inline constexpr SchemaVersion kReportVersion{1, 20};  ///< of reports/schema/report.schema.json
inline constexpr SchemaVersion kTrainVersion{1, 1};    ///< of reports/schema/train.schema.json
inline constexpr SchemaVersion kInspectVersion{1, 2};  ///< of reports/schema/inspect.schema.json

/// Minor versions of a report, by what came with them.
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
