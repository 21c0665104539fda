// Functions whose kernels are recorded once and replayed, as CUDA graphs: a GPU is handed all of them by one call,
// where the layers of a small network would each wait for the CPU to ask for them.
//
// The rules are those of at::cuda::CUDAGraph and torch.cuda.make_graphed_callables. A function that is recorded has no
// arguments: it reads and writes tensors that stay where they are, and what it allocates lies in a pool of memory of
// its own. It asks nothing of the device and uploads nothing; its shapes and kernels are the same each time. Before it
// is recorded it runs a few times on the stream on which it will be, so that nothing is set up within. On a CPU the
// same interface runs the functions again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "lib/core/tensor.h"

namespace aigis {

/// How often a function runs before it is recorded, as in torch.cuda.make_graphed_callables.
constexpr int kWarmUps = 3;

/// Whether functions can be recorded there: on a GPU if the build had CUDA's headers, and on a CPU by running them
/// again.
bool has_recordings(at::Device device);

/// Memory that recordings share, in which one works at a time: a replay may overwrite what another one left there.
class RecordingPool {
 public:
  explicit RecordingPool(at::Device device);
  /// Makes the memory the caller's. Returns its turn, which ends with the next call.
  uint64_t take() { return ++turn_; }
  bool is_current(uint64_t turn) const { return turn == turn_; }

 private:
  friend class Recording;
  std::pair<unsigned long long, unsigned long long> id_{};  ///< CUDA's allocator's
  uint64_t turn_ = 0;
};

/// Runs a function as it will be recorded, but for real. Waits for the device before and after.
void warm_up(at::Device device, const std::function<void()>& run);

class Recording {
 public:
  using Function = std::function<void()>;
  /// Records functions that are warm, each of which may use what those before it left. On a GPU they are not called
  /// again, and have computed nothing yet. Throws c10::Error where one does what cannot be recorded.
  Recording(at::Device device, std::vector<Function> functions, const RecordingPool& pool);
  /// On the current stream.
  void replay(size_t which) const;

 private:
  struct Graphs;
  std::vector<Function> functions_;  ///< on a CPU
  std::shared_ptr<Graphs> graphs_;   ///< on a GPU
};

}  // namespace aigis
