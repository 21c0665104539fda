#include "lib/train/mixup.h"

#include <cmath>

namespace aigis {

double mixup_share(double alpha, const Stream& stream, uint64_t id) {
  const PhiloxKey key = stream.key();
  // Joehnk's rejection: of two powers of uniform numbers whose sum is at most 1, the first's share of the sum. In
  // logarithms, since for a small alpha both powers may vanish.
  for (uint32_t draw = 0;; draw += 2) {
    const double x = std::log(open_uniform(draw_word(key, id, draw))) / alpha;
    const double y = std::log(open_uniform(draw_word(key, id, draw + 1))) / alpha;
    if (std::exp(x) + std::exp(y) <= 1) return 1 / (1 + std::exp(y - x));
  }
}

}  // namespace aigis
