// What the Square attack tries next: squares of one colour (Linf), or a window's mass given to another (L2 and L1), as
// Andriushchenko et al. (ECCV 2020, algorithms 2 and 3) and, in L1, Croce & Hein (ICML 2021, appendix) do.
#pragma once

#include "lib/core/philox.h"
#include "lib/core/tensor.h"
#include "lib/eval/norm.h"

namespace aigis {

/// Numbers of one query, U(0, 1), for each image; handed out from the left.
class SquareNumbers {
 public:
  SquareNumbers(const at::Tensor& clean, const at::Tensor& ids, const Stream& stream)
      : ids_(ids), stream_(stream), like_(clean.options()) {}
  /// Draws them; before any is taken.
  void draw(int64_t count);
  /// Whole numbers from 0 to count - 1, at least 0: [n].
  at::Tensor below(int64_t count);
  /// -1 or 1: [n, count].
  at::Tensor signs(int64_t count);

 private:
  at::Tensor take(int64_t count);
  at::Tensor ids_;
  Stream stream_;
  at::TensorOptions like_;
  at::Tensor numbers_;
  int64_t next_ = 0;
};

/// Images inside the ball and the box, [n, C, H, W].
class SquareProposals {
 public:
  SquareProposals(Norm norm, double epsilon) : norm_(norm), epsilon_(epsilon) {}
  /// Where the search begins: vertical stripes (Linf), or tiles of a hill and a pit.
  at::Tensor first(const at::Tensor& clean, SquareNumbers numbers) const;
  /// `x` with one square changed, which covers about this share of the image.
  at::Tensor next(const at::Tensor& clean, const at::Tensor& x, double share, SquareNumbers numbers) const;

 private:
  at::Tensor stripes(const at::Tensor& clean, SquareNumbers& numbers) const;
  at::Tensor with_square(const at::Tensor& clean, const at::Tensor& x, double share, SquareNumbers& numbers) const;
  /// [n, C, side, side]: a hill and a pit for each image, lying or standing, with a sign for each channel.
  at::Tensor signed_patterns(const at::Tensor& clean, int64_t side, SquareNumbers& numbers) const;
  at::Tensor tiles(const at::Tensor& clean, SquareNumbers& numbers) const;
  /// The mass of one window is taken away and given to another, which gets a new pattern.
  at::Tensor with_windows(const at::Tensor& clean, const at::Tensor& x, double share, SquareNumbers& numbers) const;
  /// Each channel's part of what adds up to the norm (L2: squares, L1: magnitudes), and its norm: [n, C, 1, 1].
  at::Tensor mass(const at::Tensor& x) const;
  at::Tensor length(const at::Tensor& x) const;
  /// To the whole budget in L2, then into the box; in L1 to the nearest image in both.
  at::Tensor stretched(const at::Tensor& clean, const at::Tensor& change) const;

  Norm norm_;
  double epsilon_;
};

}  // namespace aigis
