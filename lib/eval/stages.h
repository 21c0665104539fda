// To which of several attacks each image fell.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "lib/core/tensor.h"

namespace aigis {

/// What one attack of several did to the images that were left to it.
struct Stage {
  std::string attack;
  int64_t tried = 0, broken = 0;
  bool operator==(const Stage&) const = default;
};

/// Image by image, so that one which is tried again counts once.
class StageRecord {
 public:
  /// Of the images `tried` those in `fallen` fell to the attack: ids, int64 on the CPU.
  void add(const std::string& attack, const at::Tensor& tried, const at::Tensor& fallen);
  /// With what came later of the same images: whichever fell before stays where it fell.
  void merge(const StageRecord& later);
  /// In the order in which attacks were added: to each are left those that fell to none before it.
  std::vector<Stage> stages() const;

 private:
  size_t index_of(const std::string& attack);

  std::vector<std::string> attacks_;
  std::set<int64_t> tried_;
  std::map<int64_t, size_t> fell_to_;  ///< an image's id to an attack's index
};

}  // namespace aigis
