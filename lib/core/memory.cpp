#include "lib/core/memory.h"

#include <cstdlib>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace aigis {

void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kLargest = 32 << 20;  // bytes; glibc refuses a greater threshold, and larger tensors are few
  constexpr int kStep = 64 << 20;     // bytes asked for and given back at a time
  mallopt(M_MMAP_THRESHOLD, kLargest);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, kStep);
#endif
}

}  // namespace aigis
