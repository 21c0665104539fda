#include "lib/train/mixup.h"

#include <cmath>

namespace aigis {

double mixup_share(double alpha, const Stream& stream, uint64_t id) {
  const PhiloxKey key = stream.key();
  // Joehnk's rejection: of two powers of uniform numbers whose sum is at most 1, the first's share of the sum.
  for (uint32_t draw = 0;; draw += 2) {
    const double x = std::pow(open_uniform(draw_word(key, id, draw)), 1 / alpha);
    const double y = std::pow(open_uniform(draw_word(key, id, draw + 1)), 1 / alpha);
    if (x + y > 0 && x + y <= 1) return x / (x + y);
  }
}

}  // namespace aigis
