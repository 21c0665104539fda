#include "lib/core/repeatable.h"

#include <ATen/Context.h>

namespace aigis {

void make_repeatable() {
  auto& context = at::globalContext();
  context.setAllowTF32CuDNN(false);
  context.setAllowTF32CuBLAS(false);
  context.setDeterministicCuDNN(true);
  context.setBenchmarkCuDNN(false);
}

}  // namespace aigis
