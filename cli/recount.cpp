#include "cli/recount.h"

#include <ATen/ops/max.h>
#include <ATen/ops/ne.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

#include "lib/core/levels.h"
#include "lib/core/stop.h"
#include "lib/core/workers.h"
#include "lib/eval/measure.h"

namespace aigis {
namespace {

/// What 8-bit images may need of a budget: rounding takes no pixel value outwards by more than kOnGrid, and none that
/// is as it was.
double with_rounding(double epsilon, Norm norm, const at::Tensor& clean, const at::Tensor& images) {
  const at::Tensor changed = images.ne(clean).flatten(1).sum(1);
  return epsilon + kOnGrid * largest_size(norm, changed.max().item<int64_t>());
}

/// [n] bool: rounding may turn an image's verdict, by its margin now and by the saved one.
at::Tensor near_ties(const CellTally& cell, const ExampleReader::Saved& saved) {
  const at::Tensor now = are_near_ties(at::tensor(at::ArrayRef<double>(cell.margins)));
  return saved.margins.defined() ? now.logical_and(are_near_ties(saved.margins)) : now;
}

Recount recount_batch(Model& target, const Json& run, Purpose draws, const Batch& batch,
                      const ExampleReader::Saved& saved, const at::Tensor& wanted, bool swap) {
  const uint64_t seed = run["seed"];
  const at::Tensor images = saved.images.to(batch.images.device());
  const at::ScalarType form = images.scalar_type();
  const bool in_bytes = form == at::kByte;
  const Norm norm = parse_norm(run["norm"]);
  const at::Tensor judged = in_bytes ? from_levels(images.to(at::kFloat)) : images;
  double epsilon = run["epsilon"];
  if (in_bytes) epsilon = with_rounding(epsilon, norm, batch.images, judged);
  const CleanPass clean = measure_clean(target, batch, seed, draws);
  const Cell cell = measure_cell(target, batch, clean, judged, wanted, norm, epsilon, seed,
                                 {swap && !in_bytes, in_bytes, images.size(0)});
  Recount count;
  count.tally.clean = clean.tally;
  count.tally.clean_hits = listed(clean.judgement.hits);
  count.tally.redraw_flipped = clean.redraw_flipped;
  count.tally.cells.push_back(cell.tally);
  const at::Tensor other = at::tensor(at::IntArrayRef(cell.tally.hits_as(form))).ne(saved.hits);
  count.turned = other.logical_and(near_ties(cell.tally, saved)).sum().item<int64_t>();
  count.differ = other.sum().item<int64_t>() - count.turned;
  return count;
}

}  // namespace

Recount recount_run(Model& target, const Json& run, Purpose draws, const Wanted& wanted, const Dataset& data,
                    const ExampleReader::Saved& saved, int64_t batch, bool swap, at::Device device) {
  const int64_t count = saved.images.size(0), size = std::min(batch, count);
  std::vector<Recount> parts(static_cast<size_t>((count + size - 1) / size));
  const auto pieces = static_cast<int64_t>(parts.size());
  // Where the sweep had several batches each ran on one thread, and a batch must not be shared by several now.
  const bool side_by_side = device.is_cpu() && data.size() > batch;
  const int64_t workers =
      side_by_side ? std::max<int64_t>(2, workers_for(device, pieces)) : workers_for(device, pieces);
  run_in_parallel(pieces, workers, [&](int64_t b) {
    check_stop();
    const int64_t begin = b * size, end = std::min(begin + size, count);
    const Batch clean = take(data, begin, end - begin, device);
    parts[static_cast<size_t>(b)] =
        recount_batch(target, run, draws, clean, saved.part(begin, end), wanted(clean), swap);
  });
  Recount sum;
  for (const auto& part : parts) sum.merge(part);
  return sum;
}

}  // namespace aigis
