// The norms in which budgets are measured, and what attacks and the verdict need of them.
#pragma once

#include <string>
#include <vector>

#include "lib/core/tensor.h"

namespace aigis {

enum class Norm {
  linf,
  l2,
  l1,
  l0,  ///< the number of pixel values that differ: a budget for searches that are made for it
};

const char* norm_name(Norm norm);
/// Throws InputError for an unknown name.
Norm parse_norm(const std::string& name);
/// A usual budget, as users of the norm write it: "8/255".
const char* usual_budget(Norm norm);
/// Those that gradients can follow: all but l0.
const std::vector<Norm>& all_norms();

/// The norm in which a gradient's size is how fast a linear function rises along a step of length 1 in this one. Throws
/// std::logic_error for l0, which has none.
Norm dual_of(Norm norm);

/// A number for each image, [N], in a shape that goes with images.
at::Tensor per_image(const at::Tensor& numbers, const at::Tensor& images);

/// Size of each perturbation [N, ...] as [N] float64.
at::Tensor sizes_of(const at::Tensor& delta, Norm norm);

/// The largest distance between two images of `values` pixel values in [0, 1].
double largest_size(Norm norm, int64_t values);

/// The nearest perturbations (in the Euclidean sense) within the ball of radius epsilon. L1: Duchi et al., ICML 2008;
/// L0: the largest elements, as many as fit.
at::Tensor onto_ball(const at::Tensor& delta, Norm norm, double epsilon);
/// The same with a radius for each: [N].
at::Tensor onto_balls(const at::Tensor& delta, Norm norm, const at::Tensor& radius);

/// x + delta on the ball around `clean` and then in the box [0, 1]. Clipping to the box brings every pixel nearer to
/// the clean image, so the result is in both: in L1 and L2 also where the rounding of all pixels adds up.
at::Tensor within(const at::Tensor& clean, const at::Tensor& images, Norm norm, double epsilon);

/// The nearest image (in the Euclidean sense) to `images` that is in the L1 ball around `clean` and in the box: what
/// `within` gives for L1 is in both, but not the nearest (Croce & Hein, ICML 2021, proposition 2.1).
at::Tensor nearest_in_l1(const at::Tensor& clean, const at::Tensor& images, double epsilon);

/// For each row the level at which sum_i slopes_i min(level, ends_i) is `wanted`; the largest end where even that is
/// too little. `ends` [N, n] are not negative, and the sum must not fall as the level rises. `wanted` is [N]; the
/// result is [N] in float64.
at::Tensor level_of(const at::Tensor& slopes, const at::Tensor& ends, const at::Tensor& wanted);

/// The direction of length 1 along which a linear function with this gradient rises fastest: the sign (Linf), the
/// gradient over its length (L2), the sign at the `coordinates` steepest elements (L1; with one it is exactly that
/// direction, with more the sparse one of SLIDE, Tramèr & Boneh 2019). Where the gradient is 0 so is the direction.
at::Tensor steepest(const at::Tensor& gradient, Norm norm, int64_t coordinates = 1);

}  // namespace aigis
