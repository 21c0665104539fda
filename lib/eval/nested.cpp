#include "lib/eval/nested.h"

#include <ATen/ops/where.h>

#include "lib/eval/verdict.h"

namespace aigis {

at::Tensor images_within_more(Model& target, const Batch& batch, const Fallen& smaller, const at::Tensor& proposed,
                              Norm norm, double epsilon, uint64_t seed, Purpose draws) {
  const at::Device device = proposed.device();
  const at::Tensor images = at::where(per_image(smaller.unbroken.to(device), proposed), proposed, smaller.images);
  const at::Tensor mended = smaller.mended.nonzero().squeeze(1);
  if (mended.size(0) == 0) return images;
  const at::Tensor there = mended.to(device);
  const Batch some = batch.select(mended);
  const at::Tensor found = admit(some.images, proposed.index_select(0, there), norm, epsilon).images;
  const at::Tensor right = judge(target, found, some, seed, draws).hits.gt(0).to(device);
  return images.index_copy(0, there, at::where(per_image(right, found), images.index_select(0, there), found));
}

}  // namespace aigis
