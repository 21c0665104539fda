// The squares of the Square attack: how large they are when, and what is put into them.
#pragma once

#include "lib/eval/norm.h"

namespace aigis {

/// Share p of the image that the square of query `query` covers: halved again and again (section 4.1 of the paper).
double square_share(int64_t query, double first);

/// A square of `side` pixels in each image, all in the same place of its own: [N] rows and columns of its corner.
struct Squares {
  at::Tensor top, left;  ///< [N] int64
  int64_t side = 0;

  /// [N, C, side, side] out of images.
  at::Tensor cut(const at::Tensor& images) const;
  /// Puts [N, C, side, side] there.
  void paste(at::Tensor& images, const at::Tensor& content) const;

 private:
  std::vector<at::Tensor> places(const at::Tensor& images) const;
};

/// The pattern of algorithm 3, [side, side]: a hill in the upper half and a pit in the lower, of norm 1 (L2 or L1).
at::Tensor hill_and_pit(int64_t side, Norm norm);

}  // namespace aigis
