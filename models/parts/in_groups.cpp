#include "models/parts/in_groups.h"

#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>

#include <algorithm>

#include "lib/core/workers.h"

namespace aigis {
namespace {

// Measured on CPUs with 512 KiB to 1 MiB of cache a core: fewer images do not fill the vector units at the smallest
// feature maps, more of them spill at the largest.
constexpr int64_t kPixels = 32 * 32 * 32;  // 32 images of 32x32 pixels

int64_t group_size(const at::Tensor& images) {
  constexpr int64_t kFewest = 4;
  return std::max(kFewest, kPixels / (images.size(2) * images.size(3)));
}

using Run = std::function<Output(const at::Tensor&, const Pass&)>;

/// Group `g` of `groups` that are as equal as can be.
Output run_group(const at::Tensor& images, const Pass& pass, const Run& run, int64_t g, int64_t groups) {
  const int64_t begin = g * images.size(0) / groups, end = (g + 1) * images.size(0) / groups;
  Pass part = pass;
  if (pass.image_ids.defined()) part.image_ids = pass.image_ids.slice(0, begin, end);
  if (pass.graph.defined() && pass.graph.dim() == 2) part.graph = pass.graph.slice(0, begin, end);
  if (pass.drawn.defined()) part.drawn = pass.drawn.slice(0, begin, end);
  return run(images.slice(0, begin, end), part);
}

Output joined(const std::vector<Output>& parts) {
  const auto cat = [&](auto&& member) {
    std::vector<at::Tensor> tensors;
    for (const auto& part : parts) tensors.push_back(member(part));
    return at::cat(tensors);
  };
  Output whole;
  whole.logits = cat([](const Output& part) { return part.logits; });
  if (!parts.front().gates.any()) return whole;
  whole.gates.open = cat([](const Output& part) { return part.gates.open; });
  whole.gates.logits = cat([](const Output& part) { return part.gates.logits; });
  whole.gates.probability = cat([](const Output& part) { return part.gates.probability; });
  whole.gates.cost = parts.front().gates.cost;
  return whole;
}

}  // namespace

Output in_groups(const at::Tensor& images, const Pass& pass,
                 const std::function<Output(const at::Tensor&, const Pass&)>& run) {
  const int64_t count = images.size(0), fitting = (count + group_size(images) - 1) / group_size(images);
  // At least one for each thread, since threads side by side beat threads that share each layer; and groups of equal
  // size, which keep all threads busy to the end.
  const int64_t groups = std::max(fitting, std::min<int64_t>(count, at::get_num_threads()));
  if (groups <= 1) return run(images, pass);
  std::vector<Output> parts(static_cast<size_t>(groups));
  run_in_parallel(groups, at::get_num_threads(),
                  [&](int64_t g) { parts[static_cast<size_t>(g)] = run_group(images, pass, run, g, groups); });
  return joined(parts);
}

Output in_groups_one_by_one(const at::Tensor& images, const Pass& pass,
                            const std::function<Output(const at::Tensor&, const Pass&)>& run) {
  const int64_t count = images.size(0), fitting = group_size(images) * at::get_num_threads();
  const int64_t groups = (count + fitting - 1) / fitting;
  if (groups <= 1) return run(images, pass);
  std::vector<Output> parts;
  for (int64_t g = 0; g < groups; ++g) parts.push_back(run_group(images, pass, run, g, groups));
  return joined(parts);
}

}  // namespace aigis
