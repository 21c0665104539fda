#include "lib/eval/stages.h"

#include <algorithm>

namespace aigis {
namespace {

at::ArrayRef<int64_t> numbers(const at::Tensor& contiguous) {
  return {contiguous.const_data_ptr<int64_t>(), static_cast<size_t>(contiguous.numel())};
}

}  // namespace

size_t StageRecord::index_of(const std::string& attack) {
  const auto known = std::find(attacks_.begin(), attacks_.end(), attack);
  const auto index = static_cast<size_t>(known - attacks_.begin());
  if (known == attacks_.end()) attacks_.push_back(attack);
  return index;
}

void StageRecord::add(const std::string& attack, const at::Tensor& tried, const at::Tensor& fallen) {
  const size_t index = index_of(attack);
  const at::Tensor all = tried.contiguous(), some = fallen.contiguous();
  for (const int64_t id : numbers(all)) tried_.insert(id);
  for (const int64_t id : numbers(some)) fell_to_.emplace(id, index);
}

void StageRecord::merge(const StageRecord& later) {
  std::vector<size_t> here;
  for (const std::string& attack : later.attacks_) here.push_back(index_of(attack));
  tried_.insert(later.tried_.begin(), later.tried_.end());
  for (const auto& [id, attack] : later.fell_to_) fell_to_.emplace(id, here[attack]);
}

std::vector<Stage> StageRecord::stages() const {
  std::vector<Stage> stages;
  for (const std::string& attack : attacks_) stages.push_back({attack, 0, 0});
  for (const auto& [id, attack] : fell_to_) ++stages[attack].broken;
  auto left = static_cast<int64_t>(tried_.size());
  for (Stage& stage : stages) {
    stage.tried = left;
    left -= stage.broken;
  }
  return stages;
}

}  // namespace aigis
