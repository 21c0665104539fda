#include "lib/data/dataset.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/searchsorted.h>

#include <algorithm>
#include <numeric>

#include "lib/core/files.h"
#include "lib/core/levels.h"
#include "lib/core/philox.h"

namespace aigis {

const char* part_name(Part part) {
  switch (part) {
    case Part::train: return "train";
    case Part::held_out: return "held_out";
    case Part::test: return "test";
  }
  return "";
}

void DatasetOptions::bind(OptionTable& table) {
  std::vector<std::pair<std::string, Part>> parts;
  for (const Part part : {Part::test, Part::held_out}) parts.emplace_back(part_name(part), part);
  table.choice<Part>("part", &judged, parts,
                     "images that models are judged on; held_out: the tenth of the training images by which choices "
                     "are made");
}

at::Tensor equidistant(int64_t size, int64_t count) {
  return (at::arange(count, at::TensorOptions(at::kLong)) * size).floor_divide(count);
}

std::pair<at::Tensor, at::Tensor> find_ids(const at::Tensor& sorted, const at::Tensor& ids) {
  const at::Tensor positions = at::searchsorted(sorted, ids).clamp_max(sorted.size(0) - 1);
  return {positions, sorted.index_select(0, positions).eq(ids)};
}

Dataset Dataset::first(int64_t count) const {
  if (count <= 0 || count >= size()) return *this;
  Dataset head = *this;
  head.images = images.slice(0, 0, count);
  head.labels = labels.slice(0, 0, count);
  head.ids = ids.slice(0, 0, count);
  return head;
}

Dataset Dataset::spread(int64_t count) const { return count >= size() ? *this : select(equidistant(size(), count)); }

Dataset Dataset::select(const at::Tensor& positions) const {
  Dataset chosen = *this;
  chosen.images = images.index_select(0, positions);
  chosen.labels = labels.index_select(0, positions);
  chosen.ids = ids.index_select(0, positions);
  return chosen;
}

Dataset Dataset::on(at::Device device) const {
  Dataset there = *this;
  there.images = images.to(device);
  there.labels = labels.to(device);
  return there;
}

std::string Dataset::hash() const {
  Sha256 sha;
  const at::Tensor pixels = images.contiguous(), classes_of = labels.contiguous();
  sha.add(pixels.const_data_ptr(), pixels.nbytes());
  sha.add(classes_of.const_data_ptr(), classes_of.nbytes());
  return sha.hex();
}

Batch Batch::select(const at::Tensor& positions) const {
  const at::Tensor there = positions.to(images.device());
  return {images.index_select(0, there), labels.index_select(0, there), ids.index_select(0, positions.to(at::kCPU))};
}

Batch Batch::part(int64_t begin, int64_t count) const {
  const int64_t end = begin + count;
  return {images.slice(0, begin, end), labels.slice(0, begin, end), ids.slice(0, begin, end)};
}

Batch take(const Dataset& data, int64_t begin, int64_t count, at::Device device) {
  const int64_t end = std::min(begin + count, data.size());
  return {from_levels(data.images.slice(0, begin, end).to(device).to(at::kFloat)),
          data.labels.slice(0, begin, end).to(device), data.ids.slice(0, begin, end)};
}

Dataset divide(const Dataset& all_training, Part part) {
  const int64_t count = all_training.size();
  std::vector<int64_t> positions(static_cast<size_t>(count));
  std::iota(positions.begin(), positions.end(), 0);
  // Ordering by random words of a fixed key is a uniform permutation; the tie-break keeps it total.
  const PhiloxKey key = Stream{0, Purpose::split}.key();
  const auto rank = [&](int64_t i) { return std::pair(draw_word(key, static_cast<uint64_t>(i), 0), i); };
  std::sort(positions.begin(), positions.end(), [&](int64_t a, int64_t b) { return rank(a) < rank(b); });
  const int64_t held_out = count / 10;
  std::vector<int64_t> chosen(part == Part::held_out ? positions.begin() : positions.begin() + held_out,
                              part == Part::held_out ? positions.begin() + held_out : positions.end());
  std::sort(chosen.begin(), chosen.end());
  at::Tensor index = at::arange(static_cast<int64_t>(chosen.size()), at::TensorOptions(at::kLong));
  std::copy(chosen.begin(), chosen.end(), index.mutable_data_ptr<int64_t>());
  Dataset result = all_training.select(index);
  result.part = part;
  return result;
}

}  // namespace aigis
