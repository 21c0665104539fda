#include "attacks/parts/patch.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/core/error.h"

namespace aigis {

void bind_patch(OptionTable& table, int64_t* side) {
  table.integer(
      "patch", side, 0, 10'000,
      "side, in pixels, of a square in the upper left corner that takes the colours of a patch, as far as the "
      "budget lets it (wholly within Linf 1); 0: what is added to an image covers all of it");
}

void check_patch(int64_t side, const ModelCard& card) {
  const int64_t most = std::min(card.input[1], card.input[2]);
  if (side > most) throw InputError(fmt::format("option 'patch': {}; expected at most {} pixels", side, most));
}

at::Tensor square_of(const at::Tensor& images, int64_t side) { return images.slice(2, 0, side).slice(3, 0, side); }

at::Tensor pasted(const at::Tensor& images, const at::Tensor& colours, Norm norm, double epsilon) {
  at::Tensor changed = images.clone();
  square_of(changed, colours.size(2)).copy_(colours);
  return within(images, changed, norm, epsilon);
}

}  // namespace aigis
