#include "attacks/parts/step_gradient.h"

#include <ATen/ops/add.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

#include "attacks/parts/random.h"

namespace aigis {
namespace {

/// All but the gradients and where they are flat stays that of the first.
void add(Ascended& sum, const Ascended& one) {
  sum.images = sum.images + one.images;
  sum.flat = sum.flat.logical_and(one.flat);
}

}  // namespace

at::Tensor normalized(const at::Tensor& gradient) {
  const at::Tensor mean = gradient.abs().mean(at::IntArrayRef{1, 2, 3}, /*keepdim=*/true);
  return gradient / at::where(mean.gt(0), mean, at::ones_like(mean));  // 1 / mean of the least numbers is infinite
}

at::Tensor free_to_move(const at::Tensor& x, const at::Tensor& direction) {
  const at::Tensor stopped = direction.gt(0).logical_and(x.ge(1)).logical_or(direction.lt(0).logical_and(x.le(0)));
  return at::where(stopped, at::zeros_like(direction), direction);
}

bool StepGradient::is_plain() const {
  return !options_.nesterov && options_.samples == 1 && options_.scales == 1 && !options_.diversity.active();
}

Ascended StepGradient::of_step(const at::Tensor& x, const Who& who, const at::Tensor& momentum,
                               at::Tensor& last_direction, uint32_t number, bool with_worth) {
  const double step = options_.step_length(epsilon_, number);
  const at::Tensor point =
      options_.nesterov && momentum.defined() ? at::add(x, unit_move(x, momentum), options_.momentum * step) : x;
  if (options_.samples == 1) return over_copies(point, who, 0, number, with_worth);
  Ascended sum;
  const at::Tensor line = last_direction.defined() ? unit_move(x, last_direction) : last_direction;
  // Without a line all points are one, and their gradients the same unless something is drawn.
  const bool differ = line.defined() || options_.diversity.active() || victim_.card().has_random_gates;
  const int64_t points = differ ? options_.samples : 1;
  for (int64_t i = 0; i < points; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(options_.samples - 1);
    const double reach = options_.sample_radius * (2 * share - 1);
    const at::Tensor sampled = line.defined() ? at::add(point, line, reach * step) : point;
    const Ascended one = over_copies(sampled, who, static_cast<uint32_t>(i), number, /*with_worth=*/false);
    if (i == 0) sum = one;
    else add(sum, one);
  }
  sum.images = sum.images / static_cast<double>(points);
  last_direction = normalized(sum.images);
  return sum;
}

at::Tensor StepGradient::variance(const at::Tensor& x, const Who& who, const at::Tensor& gradient, uint32_t number) {
  at::Tensor sum = at::zeros_like(gradient);
  for (int64_t i = 0; i < options_.neighbours; ++i) {
    const auto neighbour = static_cast<uint32_t>(i);
    const at::Tensor noise =
        ball_noise(x, who.ids, victim_.draws({restart_, neighbour, number}), norm_, Use::neighbour);
    const at::Tensor around = at::add(x, noise, options_.neighbourhood * epsilon_);
    // Evaluations behind those of the step itself.
    const uint32_t evaluation = static_cast<uint32_t>(options_.samples) + neighbour;
    sum = sum + over_copies(around, who, evaluation, number, /*with_worth=*/false).images;
  }
  return sum / static_cast<double>(options_.neighbours) - gradient;
}

at::Tensor StepGradient::unit_move(const at::Tensor& x, const at::Tensor& direction) const {
  if (norm_ == Norm::linf) return direction;
  const at::Tensor movable = norm_ == Norm::l1 ? free_to_move(x, direction) : direction;
  return steepest(movable, norm_, options_.l1_coordinates(x));
}

Ascended StepGradient::over_copies(const at::Tensor& point, const Who& who, uint32_t evaluation, uint32_t number,
                                   bool with_worth) {
  Ascended sum;
  const auto draws = static_cast<uint32_t>(options_.objective.draws), scales = static_cast<uint32_t>(options_.scales);
  for (uint32_t copy = 0; copy < scales; ++copy) {
    const Position position{restart_, (evaluation * scales + copy) * draws, number};
    const double scale = std::pow(0.5, copy);
    Ascended one = through_diversity(copy == 0 ? point : point * scale, who, position, with_worth);
    if (copy > 0) one.images = one.images * scale;  // of x, not of the copy
    if (copy == 0) sum = one;
    else add(sum, one);
  }
  if (scales > 1) sum.images = sum.images / static_cast<double>(scales);
  return sum;
}

Ascended StepGradient::through_diversity(const at::Tensor& point, const Who& who, const Position& position,
                                         bool with_worth) {
  const auto direction = [&](const at::Tensor& images) {
    return ascent_direction(victim_, images, who.ids, who.goal, options_.objective, position, with_worth);
  };
  if (!options_.diversity.active()) return direction(point);
  const at::Tensor leaf = point.detach().set_requires_grad(true);
  const at::Tensor seen = diversified(leaf, who.ids, options_.diversity, victim_.draws(position));
  Ascended result = direction(seen);
  seen.backward(result.images);
  result.images = leaf.grad();
  return result;
}

}  // namespace aigis
