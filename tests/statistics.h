// What scipy and statsmodels find (tests/golden/make_statistics_golden.py), and pairs of outcomes by their counts.
#pragma once

#include <cstdint>
#include <string>

#include "lib/core/files.h"
#include "lib/core/json.h"
#include "lib/metrics/comparison.h"

namespace aigis {

inline Json golden(const char* part) {
  static const Json all =
      parse_json(read_file(std::string(AIGIS_SOURCE_DIR) + "/tests/golden/statistics.json"), "statistics.json");
  return all[part];
}

/// Of images that both, one or neither got right, in one draw.
inline PairedComparison of_counts(int64_t both, int64_t a, int64_t b, int64_t neither) {
  PairedComparison pairs;
  for (int64_t i = 0; i < both; ++i) pairs.add(1, 1);
  for (int64_t i = 0; i < a; ++i) pairs.add(1, 0);
  for (int64_t i = 0; i < b; ++i) pairs.add(0, 1);
  for (int64_t i = 0; i < neither; ++i) pairs.add(0, 0);
  return pairs;
}

}  // namespace aigis
