#include "attacks/parts/diversity.h"

#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>

#include "attacks/parts/random.h"
#include "lib/core/error.h"
#include "lib/core/text.h"
#include "lib/core/upload.h"

namespace aigis {
namespace {

/// Writes into `matrix` [any, side] the linear map that resizes a row of `side` values to `size` and puts it at
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

/// The least side of a resized image or, above `side`, the padded one.
int64_t limit_of(int64_t side, double size) { return static_cast<int64_t>(size * static_cast<double>(side)); }

/// [N, side, side]: what becomes of each image's rows, or columns, of `side` values. `draws` [N, 4] from U(0, 1) say
/// whether, to which size, and in their column `place` where. One size for both sides keeps the picture's proportions.
at::Tensor maps(const at::Tensor& draws, int64_t side, int64_t place, const DiversityOptions& options) {
  const int64_t limit = limit_of(side, options.size);
  const int64_t least = std::min(side, limit), padded = std::max(side, limit);
  at::Tensor matrices = at::zeros({draws.size(0), padded, side}, draws.options());
  const double* u = draws.const_data_ptr<double>();
  for (int64_t i = 0; i < draws.size(0); ++i, u += 4) {
    const bool chosen = u[0] < options.probability;
    const int64_t size = chosen ? least + static_cast<int64_t>(u[1] * static_cast<double>(padded - least)) : side;
    const int64_t begin = chosen ? static_cast<int64_t>(u[place] * static_cast<double>(padded - size)) : 0;
    resize_into(matrices[i].mutable_data_ptr<double>(), side, size, begin);
  }
  if (padded == side) return matrices;
  at::Tensor back = at::zeros({side, padded}, draws.options());
  resize_into(back.mutable_data_ptr<double>(), padded, side, 0);
  const at::Tensor chosen = draws.select(1, 0).lt(options.probability).view({-1, 1, 1});
  return at::where(chosen, back.matmul(matrices), matrices.slice(1, 0, side));
}

}  // namespace

void DiversityOptions::bind(OptionTable& table) {
  table.number("diversity", &probability, 0, 1, "probability",
               "that an image is resized and padded at random before its gradient is taken (DI)");
  table
      .number("diversity_size", &size, 0.1, 4, "share of the side",
              "least side of a resized image; above 1: side that an enlarged one is padded to before it shrinks back")
      .only_with("diversity>0");
}

void DiversityOptions::check(const ModelCard& card) const {
  if (!active()) return;
  for (const int64_t side : {card.input[1], card.input[2]}) {
    const int64_t limit = limit_of(side, size);
    if (limit == 0) {
      throw InputError(
          fmt::format("option 'diversity_size': {} of {} pixels, rounded down, are none; expected enough "
                      "for 1 pixel",
                      shortest(size), side));
    }
    if (limit != side) continue;
    throw InputError(
        fmt::format("option 'diversity_size': {} of {} pixels, rounded down, are {} again, which resizes nothing; "
                    "expected less than 1, or enough for {} pixels",
                    shortest(size), side, side, side + 1));
  }
}

at::Tensor diversified(const at::Tensor& images, const at::Tensor& ids, const DiversityOptions& options,
                       const Stream& stream) {
  if (images.size(0) == 0) return images;
  const at::Tensor draws = uniform_numbers(ids, 4, stream, Use::diversity);
  const at::Tensor rows = maps(draws, images.size(2), 2, options), columns = maps(draws, images.size(3), 3, options);
  const auto like_images = [&](const at::Tensor& m) {
    return uploaded(m, images.device(), images.scalar_type()).unsqueeze(1);
  };
  return like_images(rows).matmul(images).matmul(like_images(columns).transpose(2, 3));
}

}  // namespace aigis
