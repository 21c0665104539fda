#include "attacks/parts/shrinking.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/ones_like.h>

#include <algorithm>

#include "lib/ops/rows.h"

namespace aigis {

void keep_rows(const at::Tensor& rows, std::initializer_list<at::Tensor*> tensors) {
  for (at::Tensor* tensor : tensors) {
    if (tensor->defined()) *tensor = tensor->index_select(0, rows.to(tensor->device()));
  }
}

void put_rows(at::Tensor& whole, const at::Tensor& places, const at::Tensor& which, const at::Tensor& part) {
  const at::Tensor chosen = which.nonzero().squeeze(1);
  whole.index_copy_(0, places.index_select(0, chosen), part.index_select(0, chosen));
}

void BatchRows::take_all(const Batch& batch) {
  places = at::arange(batch.images.size(0), batch.labels.options());
  alive = at::ones_like(places, at::TensorOptions(at::kBool));
  clean = batch.images;
  ids = batch.ids;
}

at::Tensor Shrinking::kept(const at::Tensor& alive) {
  const int64_t left = alive.sum().item<int64_t>(), size = alive.size(0);
  whole_ = std::max(whole_, size);
  const int64_t rows = in_whole_steps(left, whole_, /*least=*/1);
  if (rows >= size) return {};
  return alive.to(at::kInt).argsort(/*stable=*/true, 0, /*descending=*/true).slice(0, 0, rows);
}

}  // namespace aigis
