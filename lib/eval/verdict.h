// The one place where a proposed image is measured, projected, clipped and judged.
#pragma once

#include "lib/core/model.h"
#include "lib/data/dataset.h"
#include "lib/eval/norm.h"

namespace aigis {

/// A proposal after measurement, within budget and box.
struct Admitted {
  at::Tensor images;            ///< [N, C, H, W] in [0, 1], within epsilon of the clean images
  at::Tensor linf, l2, l1, l0;  ///< [N] float64, sizes of the perturbation as admitted
  int64_t over_budget = 0;      ///< proposals that left the ball by more than rounding explains: in Linf an ulp of 1
  int64_t out_of_box = 0;       ///< proposals that left [0, 1] by more than an ulp of 1
  int64_t not_finite = 0;       ///< proposals with NaN or infinity; the clean image takes their place
  double worst_overshoot = 0;   ///< largest distance outside ball or box that was met
};

/// Throws RunError if the shapes differ.
Admitted admit(const at::Tensor& clean, const at::Tensor& proposed, Norm norm, double epsilon);

/// An image that rounding to 8 bits moves by less than this is on the grid already, but for float rounding.
inline constexpr double kOnGrid = 1e-6;

/// As an image file would hold it: each pixel value at one of 256 levels, the next one on the way to the clean image,
/// so that a budget that held still does. Only a level within kOnGrid is taken outwards, too.
at::Tensor quantized(const at::Tensor& clean, const at::Tensor& images);

/// The answer where some logit is NaN or infinite. It is never right, nor a target, nor what the clean image got.
inline constexpr int64_t kNoClass = -1;
/// [N] int64: the class of the largest of [N, K] logits, or kNoClass.
at::Tensor answers_of(const at::Tensor& logits);

/// [N] bool: another order of summation may turn verdicts with such margins.
at::Tensor are_near_ties(const at::Tensor& margins);

/// What the model made of a batch in `draws` passes.
struct Judgement {
  at::Tensor answers;    ///< [draws, N] int64, as answers_of
  at::Tensor hits;       ///< [N] int64, in how many draws the label was right
  at::Tensor hits_top5;  ///< [N] int64, in how many draws the label was among the five largest logits
  /// [N] float64: by what share of the greatest logit (in size) that of the label exceeds all others, in the draw where
  /// that is nearest to 0; without an answer -2, the least that it can be.
  at::Tensor margins;
  at::Tensor open;  ///< [draws, N, L] bool, gates; undefined without gates
  /// Images whose answer looks like probabilities: between 0 and 1, and 1 in sum.
  int64_t like_probabilities = 0;
  int64_t near_ties = 0;       ///< images of which some draw had two top logits within a rounding error's reach
  int64_t without_answer = 0;  ///< images of which some draw had kNoClass
};

/// Passes the images through the (defended) model. Gate noise comes from `purpose`, one draw after the other:
/// Purpose::verdict_gates for clean and adversarial passes alike and for all budgets.
Judgement judge(Model& model, const at::Tensor& images, const Batch& batch, uint64_t seed, Purpose purpose);

/// The clean images. Throws RunError if some are without an answer: there is nothing that an attack could break.
Judgement judge_clean(Model& model, const Batch& batch, uint64_t seed, Purpose purpose);

}  // namespace aigis
