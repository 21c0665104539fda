#include "lib/core/workers.h"

#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>
#include <omp.h>

#include <algorithm>
#include <atomic>

namespace aigis {
namespace {

/// The calling thread computes alone.
class OneThread {
 public:
  OneThread() { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }

 private:
  int before_ = omp_get_max_threads();
};

}  // namespace

void run_in_parallel(int64_t count, int64_t workers, const std::function<void(int64_t)>& work) {
  if (workers <= 1) {
    for (int64_t i = 0; i < count; ++i) work(i);
    return;
  }
  std::atomic<int64_t> next{0};
  const at::ThreadLocalState settings;
  // LibTorch's own threads: others would take turns with them on the same cores.
  at::parallel_for(0, workers, 1, [&](int64_t, int64_t) {
    const at::ThreadLocalStateGuard same(settings);
    const OneThread alone;
    try {
      for (int64_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      next = count;
      throw;
    }
  });
}

int64_t workers_for(at::Device device, int64_t pieces) { return workers_for(device, pieces, at::get_num_threads()); }

int64_t workers_for(at::Device device, int64_t pieces, int64_t threads) {
  return device.is_cpu() ? std::clamp<int64_t>(pieces, 1, threads) : 1;
}

}  // namespace aigis
