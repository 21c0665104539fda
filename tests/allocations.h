// How much memory LibTorch's tensors take on this thread, by its allocator's own count.
#pragma once

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <functional>
#include <memory>

namespace aigis {

/// Bytes at the peak of `work`, beyond what there was before.
inline int64_t peak_bytes(const std::function<void()>& work) {
  struct Count : c10::MemoryReportingInfoBase {
    void reportMemoryUsage(void*, int64_t bytes, size_t, size_t, c10::Device) override {
      now += bytes;
      peak = std::max(peak, now);
    }
    bool memoryProfilingEnabled() const override { return true; }
    int64_t now = 0, peak = 0;
  };
  const auto count = std::make_shared<Count>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, count);
  work();
  return count->peak;
}

}  // namespace aigis
