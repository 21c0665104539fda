#include "attacks/parts/diversity.h"

#include <ATen/ops/bmm.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

namespace aigis {
namespace {

/// Writes into `matrix` [side, side] the linear map that resizes a row of `side` values to `size` and puts it at
/// `begin`, between zeros: value d of the result is bilinear at (d + .5) side / size - .5, as at::upsample_bilinear2d
/// has it.
void resize_into(double* matrix, int64_t side, int64_t size, int64_t begin) {
  const double scale = static_cast<double>(side) / static_cast<double>(size);
  for (int64_t d = 0; d < size; ++d) {
    const double place = std::max((static_cast<double>(d) + 0.5) * scale - 0.5, 0.0);
    const int64_t low = std::min(static_cast<int64_t>(place), side - 1), high = std::min(low + 1, side - 1);
    const double share = place - static_cast<double>(low);
    double* row = matrix + (begin + d) * side;
    row[low] += 1 - share;
    row[high] += share;
  }
}

}  // namespace

void DiversityOptions::bind(OptionTable& table) {
  table.number("diversity", &probability, 0, 1, "probability",
               "that an image is resized and padded at random before its gradient is taken (DI)");
  table.number("diversity_size", &least_size, 0.1, 0.99, "share of the side", "least side of a resized image")
      .only_with("diversity>0");
}

at::Tensor diversified(const at::Tensor& images, const at::Tensor& ids, const DiversityOptions& options,
                       const Stream& stream) {
  const int64_t count = images.size(0), height = images.size(2), width = images.size(3);
  if (count == 0) return images;
  const at::Tensor draws = uniform_numbers(ids, 4, stream, Use::diversity);
  const double* u = draws.const_data_ptr<double>();
  at::Tensor rows = at::zeros({count, height, height}, at::TensorOptions(at::kDouble));
  at::Tensor columns = at::zeros({count, width, width}, at::TensorOptions(at::kDouble));
  for (int64_t i = 0; i < count; ++i, u += 4) {
    const bool chosen = u[0] < options.probability;
    // One draw of the size for both sides keeps the picture's proportions.
    const auto one = [&](at::Tensor& matrices, int64_t side, double place) {
      const auto least = static_cast<int64_t>(options.least_size * static_cast<double>(side));
      const auto sizes = static_cast<double>(side - least);
      const int64_t size = chosen ? least + static_cast<int64_t>(u[1] * sizes) : side;
      const auto begin = static_cast<int64_t>(place * static_cast<double>(side - size));
      resize_into(matrices[i].mutable_data_ptr<double>(), side, size, begin);
    };
    one(rows, height, u[2]);
    one(columns, width, u[3]);
  }
  const auto like_images = [&](const at::Tensor& m) {
    return m.to(images.device(), images.scalar_type()).unsqueeze(1);
  };
  return like_images(rows).matmul(images).matmul(like_images(columns).transpose(2, 3));
}

}  // namespace aigis
