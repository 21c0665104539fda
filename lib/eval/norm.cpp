#include "lib/eval/norm.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/nextafter.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "lib/core/error.h"
#include "lib/core/text.h"

namespace aigis {
namespace {

/// What soft thresholding must take off each element so that the rest sums to the radius [N]; 0 inside the ball.
at::Tensor l1_threshold(const at::Tensor& magnitudes, const at::Tensor& radius) {
  const auto [sorted, order] = magnitudes.sort(1, /*descending=*/true);
  const at::Tensor rank = at::arange(1, magnitudes.size(1) + 1, magnitudes.options().dtype(at::kDouble));
  const at::Tensor candidates = (sorted.cumsum(1, at::kDouble) - radius.unsqueeze(1)) / rank;
  const at::Tensor kept = sorted.gt(candidates).sum(1, /*keepdim=*/true).clamp_min(1);
  return candidates.gather(1, kept - 1).squeeze(1).clamp_min(0);
}

/// The images themselves where they are in the L1 or L2 ball around `clean`. Where the sum of their pixels' rounding
/// leaves it, as many pixels as it takes are the next numbers towards `clean`.
at::Tensor rounded_into_ball(const at::Tensor& clean, const at::Tensor& images, Norm norm, double epsilon) {
  const bool squares = norm == Norm::l2;
  const auto size = [squares, from = clean.to(at::kDouble)](const at::Tensor& x) {
    const at::Tensor delta = (x.to(at::kDouble) - from).flatten(1);
    return squares ? delta.square() : delta.abs();
  };
  const at::Tensor nearer = at::nextafter(images, clean), all = size(images), gained = all - size(nearer);
  const at::Tensor too_much = all.sum(1, /*keepdim=*/true) - (squares ? epsilon * epsilon : epsilon);
  const at::Tensor gained_before = gained.cumsum(1) - gained;
  return at::where(gained_before.lt(too_much).view(images.sizes()), nearer, images);
}

}  // namespace

at::Tensor per_image(const at::Tensor& numbers, const at::Tensor& images) {
  std::vector<int64_t> shape(static_cast<size_t>(images.dim()), 1);
  shape[0] = images.size(0);
  return numbers.view(shape);
}

const std::vector<Norm>& all_norms() {
  static const std::vector<Norm> norms{Norm::linf, Norm::l2, Norm::l1};
  return norms;
}

const char* norm_name(Norm norm) {
  switch (norm) {
    case Norm::linf: return "linf";
    case Norm::l2: return "l2";
    case Norm::l1: return "l1";
    case Norm::l0: return "l0";
  }
  throw std::logic_error("unknown norm");
}

Norm parse_norm(const std::string& name) {
  std::vector<std::string> names;
  for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1, Norm::l0}) {
    if (name == norm_name(norm)) return norm;
    names.emplace_back(norm_name(norm));
  }
  throw InputError(unknown_name("norm", name, names));
}

const char* usual_budget(Norm norm) {
  switch (norm) {
    case Norm::linf: return "8/255";
    case Norm::l2: return "0.5";
    case Norm::l1:
    case Norm::l0: return "12";
  }
  throw std::logic_error("unknown norm");
}

Norm dual_of(Norm norm) {
  switch (norm) {
    case Norm::linf: return Norm::l1;
    case Norm::l2: return Norm::l2;
    case Norm::l1: return Norm::linf;
    case Norm::l0: throw std::logic_error("l0 has no dual norm");
  }
  throw std::logic_error("unknown norm");
}

at::Tensor sizes_of(const at::Tensor& delta, Norm norm) {
  const at::Tensor rows = delta.flatten(1);
  switch (norm) {
    case Norm::linf: return rows.abs().amax(1).to(at::kDouble);
    case Norm::l2: return rows.to(at::kDouble).norm(2, 1);
    case Norm::l1: return rows.to(at::kDouble).abs().sum(1);
    case Norm::l0: return rows.ne(0).sum(1).to(at::kDouble);
  }
  throw std::logic_error("unknown norm");
}

double largest_size(Norm norm, int64_t values) {
  const auto n = static_cast<double>(values);
  switch (norm) {
    case Norm::linf: return 1;
    case Norm::l2: return std::sqrt(n);
    case Norm::l1: return n;
    case Norm::l0: return n;
  }
  throw std::logic_error("unknown norm");
}

at::Tensor onto_ball(const at::Tensor& delta, Norm norm, double epsilon) {
  if (norm == Norm::linf) return delta.clamp(-epsilon, epsilon);
  return onto_balls(delta, norm, at::full({delta.size(0)}, epsilon, delta.options().dtype(at::kDouble)));
}

at::Tensor onto_balls(const at::Tensor& delta, Norm norm, const at::Tensor& radius) {
  if (delta.numel() == 0) return delta.clone();
  if (norm == Norm::linf) {
    const at::Tensor most = per_image(radius.to(delta.scalar_type()), delta);
    return at::minimum(at::maximum(delta, -most), most);
  }
  const at::Tensor size = sizes_of(delta, norm), outside = size.gt(radius);
  if (norm == Norm::l2) {
    const at::Tensor factor = at::where(outside, radius / size, 1.0);
    return delta * per_image(factor.to(delta.scalar_type()), delta);
  }
  const at::Tensor magnitude = delta.abs();
  if (norm == Norm::l0) {
    const at::Tensor order = magnitude.flatten(1).argsort(/*stable=*/true, 1, /*descending=*/true);
    const at::Tensor place = at::arange(order.size(1), radius.options()).expand(order.sizes());
    const at::Tensor kept = place.lt(radius.floor().unsqueeze(1)).to(delta.scalar_type());
    return delta * at::zeros_like(kept).scatter(1, order, kept).view(delta.sizes());
  }
  const at::Tensor excess = l1_threshold(magnitude.flatten(1), radius);
  const at::Tensor rest = (magnitude - per_image(excess, delta)).clamp_min(0).to(delta.scalar_type());
  const at::Tensor shrunk = delta.sign() * rest;
  return at::where(per_image(outside, delta), shrunk, delta);
}

at::Tensor within(const at::Tensor& clean, const at::Tensor& images, Norm norm, double epsilon) {
  // Without a detour over the difference, whose rounding could leave the ball by an ulp.
  if (norm == Norm::linf) return at::minimum(at::maximum(images, clean - epsilon), clean + epsilon).clamp_(0, 1);
  const at::Tensor projected = (clean + onto_ball(images - clean, norm, epsilon)).clamp_(0, 1);
  return norm == Norm::l0 ? projected : rounded_into_ball(clean, projected, norm, epsilon);
}

at::Tensor level_of(const at::Tensor& slopes, const at::Tensor& ends, const at::Tensor& wanted) {
  const auto [sorted, order] = ends.to(at::kDouble).sort(1);
  const at::Tensor slope = slopes.to(at::kDouble).gather(1, order);
  const at::Tensor filled = (slope * sorted).cumsum(1);  // by those that have ended, the one at hand included
  const at::Tensor rising = (slope.sum(1, /*keepdim=*/true) - slope.cumsum(1)).clamp_min(0);
  const at::Tensor reached = filled + rising * sorted;  // when the level is at this end
  const at::Tensor target = wanted.to(at::kDouble).unsqueeze(1);
  const at::Tensor below = reached.lt(target).sum(1, /*keepdim=*/true);  // ends that lie below the level
  const at::Tensor last = (below - 1).clamp_min(0);
  const at::Tensor before = at::where(below.gt(0), filled.gather(1, last), 0.0);
  const at::Tensor still = at::where(below.gt(0), rising.gather(1, last), slope.sum(1, /*keepdim=*/true));
  const at::Tensor level = at::where(still.gt(0), (target - before) / still, 0.0);
  const at::Tensor most = sorted.select(1, sorted.size(1) - 1).unsqueeze(1);
  return at::where(below.lt(sorted.size(1)), level, most).squeeze(1).clamp_min(0);
}

at::Tensor nearest_in_l1(const at::Tensor& clean, const at::Tensor& images, double epsilon) {
  if (images.numel() == 0) return images.clone();
  // Each change y becomes min(max(|y| - t, 0), room), with the same t for all and the room that the box leaves it: as t
  // grows it falls from t = |y| - room on, until t = |y|.
  const at::Tensor change = (images - clean).to(at::kDouble).flatten(1);
  const at::Tensor from = clean.to(at::kDouble).flatten(1), size = change.abs();
  const at::Tensor room = at::minimum(at::where(change.gt(0), 1 - from, from), size);
  const at::Tensor ends = at::cat({size, size - room}, 1), ones = at::ones_like(size);
  const at::Tensor threshold = level_of(at::cat({ones, -ones}, 1), ends, room.sum(1) - epsilon).unsqueeze(1);
  constexpr double kHair = 1 + 1e-12;  // more than rounding of the sums can leave outside
  const at::Tensor kept = at::minimum((size - threshold * kHair).clamp_min(0), room) * change.sign();
  const at::Tensor nearest = (clean + kept.view(clean.sizes()).to(clean.scalar_type())).clamp_(0, 1);
  return rounded_into_ball(clean, nearest, Norm::l1, epsilon);
}

at::Tensor steepest(const at::Tensor& gradient, Norm norm, int64_t coordinates) {
  if (norm == Norm::linf || gradient.numel() == 0) return gradient.sign();
  if (norm == Norm::l2) {
    const at::Tensor length = sizes_of(gradient, norm).to(gradient.scalar_type());
    return gradient / per_image(at::where(length.gt(0), length, 1.0), gradient);  // 1 / length may be infinite
  }
  const at::Tensor rows = gradient.flatten(1);
  const int64_t count = std::clamp<int64_t>(coordinates, 1, rows.size(1));
  const at::Tensor places = std::get<1>(rows.abs().topk(count, 1));
  const at::Tensor direction =
      at::zeros_like(rows).scatter(1, places, rows.gather(1, places).sign() / static_cast<double>(count));
  return direction.view(gradient.sizes());
}

}  // namespace aigis
