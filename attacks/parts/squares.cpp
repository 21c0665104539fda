#include "attacks/parts/squares.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/index.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

namespace aigis {
namespace {

/// A hill of a rectangle: the sum of ever larger squares around its middle, each with less weight.
at::Tensor hill(int64_t rows, int64_t columns, Norm norm) {
  const double power = norm == Norm::l2 ? 2 : 4;
  const int64_t row = rows / 2, column = columns / 2;
  at::Tensor sum = at::zeros({rows, columns}, at::TensorOptions(at::kDouble));
  for (int64_t ring = 0; ring <= std::max(row, column); ++ring) {
    const auto part = [&](int64_t middle, int64_t end) {
      return std::pair(std::max<int64_t>(middle - ring, 0), std::min(middle + ring + 1, end));
    };
    const auto [top, bottom] = part(row, rows);
    const auto [left, right] = part(column, columns);
    sum.slice(0, top, bottom).slice(1, left, right).add_(1 / std::pow(static_cast<double>(ring + 1), power));
  }
  return sum / sizes_of(sum.unsqueeze(0), norm);
}

}  // namespace

double square_share(int64_t query, double first) {
  constexpr int64_t kHalvings[] = {10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000};
  double share = first;
  for (const int64_t from : kHalvings) share = query > from ? share / 2 : share;
  return share;
}

std::vector<at::Tensor> Squares::places(const at::Tensor& images) const {
  const at::Tensor step = at::arange(side, top.options());
  return {at::arange(images.size(0), top.options()).view({-1, 1, 1, 1}),
          at::arange(images.size(1), top.options()).view({1, -1, 1, 1}),
          (top.unsqueeze(1) + step).view({-1, 1, side, 1}), (left.unsqueeze(1) + step).view({-1, 1, 1, side})};
}

at::Tensor Squares::cut(const at::Tensor& images) const {
  c10::List<std::optional<at::Tensor>> at_places;
  for (const auto& index : places(images)) at_places.push_back(index);
  return at::index(images, at_places);
}

void Squares::paste(at::Tensor& images, const at::Tensor& content) const {
  c10::List<std::optional<at::Tensor>> at_places;
  for (const auto& index : places(images)) at_places.push_back(index);
  images.index_put_(at_places, content);
}

at::Tensor hill_and_pit(int64_t side, Norm norm) {
  const int64_t half = side / 2;
  std::vector<at::Tensor> parts;
  if (half > 0) parts.push_back(hill(half, side, norm));
  parts.push_back(-hill(side - half, side, norm));
  const at::Tensor both = at::cat(parts);
  return both / sizes_of(both.unsqueeze(0), norm);
}

}  // namespace aigis
