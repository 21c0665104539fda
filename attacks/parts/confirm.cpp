#include "attacks/parts/confirm.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/ones_like.h>

#include <vector>

namespace aigis {
namespace {

constexpr int64_t kParts = 10;  ///< parts of the way back

}  // namespace

at::Tensor confirmed(Victim& victim, const at::Tensor& clean, const at::Tensor& found, const at::Tensor& ids,
                     const Goal& goal, const Constraint& constraint, Position first) {
  if (!victim.card().has_random_gates && !victim.card().rounds_gradients) return found;
  const uint32_t draws = draws_to_tell(victim.card().has_random_gates);
  const auto at_draw = [&](uint32_t draw) { return Position{first.restart, first.draw + draw, first.step}; };
  std::vector<Goal> usual;  // what holds for the clean images, draw by draw
  for (uint32_t draw = 0; draw < draws; ++draw) {
    usual.push_back(goal.as_seen(victim.aside(clean, ids, at_draw(draw))));
  }
  at::Tensor result = clean.clone();
  at::Tensor left = at::arange(clean.size(0), goal.labels.options());  // rows that nothing is found for yet
  for (int64_t part = kParts; part > 0 && left.numel() > 0; --part) {
    const at::Tensor from = clean.index_select(0, left);
    const at::Tensor delta = found.index_select(0, left) - from;
    const at::Tensor tried = from + delta * (static_cast<double>(part) / kParts);
    const at::Tensor some_ids = ids.index_select(0, left.cpu());
    at::Tensor standing = at::arange(left.numel(), left.options());  // most fall within a few draws, and need no more
    for (uint32_t draw = 0; draw < draws && standing.numel() > 0; ++draw) {
      const Output output =
          victim.aside(tried.index_select(0, standing), some_ids.index_select(0, standing.cpu()), at_draw(draw));
      const at::Tensor holds = constraint.holds(output, usual[draw].select(left.index_select(0, standing)));
      standing = standing.index_select(0, holds.nonzero().squeeze(1));
    }
    result.index_copy_(0, left.index_select(0, standing), tried.index_select(0, standing));
    left = left.index_select(0, at::ones_like(left).index_fill_(0, standing, 0).nonzero().squeeze(1));
  }
  return result;
}

}  // namespace aigis
