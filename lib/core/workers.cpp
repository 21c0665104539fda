#include "lib/core/workers.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace aigis {

void run_in_parallel(int64_t count, int64_t workers, const std::function<void(int64_t)>& work) {
  if (workers <= 1) {
    for (int64_t i = 0; i < count; ++i) work(i);
    return;
  }
  const int threads_before = at::get_num_threads();
  std::atomic<int64_t> next{0};
  std::mutex guard;
  std::exception_ptr failure;
  const auto labour = [&] {
    at::set_num_threads(1);  // holds for the calling thread
    for (int64_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::scoped_lock lock(guard);
        if (!failure) failure = std::current_exception();
        next = count;
      }
    }
  };
  {
    std::vector<std::jthread> pool;
    for (int64_t w = 0; w < std::min(workers, count); ++w) pool.emplace_back(labour);
  }
  at::set_num_threads(threads_before);  // LibTorch also keeps a number for threads to come
  if (failure) std::rethrow_exception(failure);
}

int64_t workers_for(at::Device device, int64_t pieces) {
  return device.is_cpu() ? std::clamp<int64_t>(pieces, 1, at::get_num_threads()) : 1;
}

}  // namespace aigis
