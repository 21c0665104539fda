#include "attacks/parts/hyperplane_at_once.h"

#include <ATen/ops/minimum.h>
#include <ATen/ops/where.h>

#include <stdexcept>

namespace aigis {
at::Tensor change_of_all_at_once(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b, Norm norm) {
  const at::Tensor slope = w.to(at::kDouble), at_x = x.to(at::kDouble);
  const at::Tensor excess = (slope * at_x).sum(1) - b.to(at::kDouble);
  // All elements move so that w.x comes down by |excess|, each at most to its end of the box.
  const at::Tensor direction = -slope.sign() * at::where(excess.ge(0), 1.0, -1.0).unsqueeze(1);
  const at::Tensor room = at::where(direction.lt(0), at_x, 1 - at_x), steep = slope.abs(), wanted = excess.abs();
  at::Tensor length;
  switch (norm) {
    case Norm::linf:  // all by the same amount
      length = at::minimum(level_of(steep, room, wanted).unsqueeze(1), room);
      break;
    case Norm::l2: {  // in proportion to their slopes
      const at::Tensor ends = at::where(steep.gt(0), room / steep, 0.0);
      length = at::minimum(level_of(steep.square(), ends, wanted).unsqueeze(1) * steep, room);
      break;
    }
    case Norm::l0: throw std::logic_error("no hyperplane steps in l0");
    case Norm::l1: {  // the steepest first, each as far as it can
      const auto [sorted, order] = steep.sort(1, /*descending=*/true);
      const at::Tensor gain = sorted * room.gather(1, order);
      const at::Tensor left = (wanted.unsqueeze(1) - (gain.cumsum(1) - gain)).clamp_min(0);
      const at::Tensor moved = at::minimum(at::where(sorted.gt(0), left / sorted, 0.0), room.gather(1, order));
      length = moved.scatter(1, order, moved);
      break;
    }
  }
  return (direction * length).to(x.scalar_type());
}

}  // namespace aigis
