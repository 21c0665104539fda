#include "lib/ops/recording.h"

#if AIGIS_CUDA_KERNELS
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace aigis {

bool has_recordings(at::Device device) { return device.is_cpu() || (AIGIS_CUDA_KERNELS && device.is_cuda()); }

#if AIGIS_CUDA_KERNELS
namespace {

/// One for all recordings: memory of a pool goes only to the stream that it was first allocated on, and cuBLAS keeps a
/// workspace for each stream. The program uses one GPU.
c10::cuda::CUDAStream side_stream(at::Device device) {
  static const c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool(false, device.index());
  return stream;
}

/// A capture that ends whatever happens: else the stream would go on recording.
class Capture {
 public:
  Capture(at::cuda::CUDAGraph& graph, c10::MempoolId_t pool) : graph_(graph) { graph_.capture_begin(pool); }
  ~Capture() {
    if (ended_) return;
    try {
      graph_.capture_end();
    } catch (const c10::Error&) {  // it was spoilt by what is thrown already
    }
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  void end() {
    ended_ = true;
    graph_.capture_end();
  }

 private:
  at::cuda::CUDAGraph& graph_;
  bool ended_ = false;
};

}  // namespace

struct Recording::Graphs {
  std::vector<std::unique_ptr<at::cuda::CUDAGraph>> list;
};
#else
struct Recording::Graphs {};
#endif

RecordingPool::RecordingPool([[maybe_unused]] at::Device device) {
#if AIGIS_CUDA_KERNELS
  if (device.is_cuda()) id_ = at::cuda::graph_pool_handle();
#endif
}

void warm_up([[maybe_unused]] at::Device device, const std::function<void()>& run) {
#if AIGIS_CUDA_KERNELS
  if (device.is_cuda()) {
    const c10::cuda::CUDAGuard on_device(device);
    c10::cuda::device_synchronize();  // the side stream waits for no other
    const c10::cuda::CUDAStreamGuard on_side(side_stream(device));
    run();
    c10::cuda::device_synchronize();
    return;
  }
#endif
  run();
}

Recording::Recording([[maybe_unused]] at::Device device, std::vector<Function> functions,
                     [[maybe_unused]] const RecordingPool& pool) {
#if AIGIS_CUDA_KERNELS
  if (device.is_cuda()) {
    const c10::cuda::CUDAGuard on_device(device);
    c10::cuda::device_synchronize();
    c10::cuda::CUDACachingAllocator::emptyCache();  // of the warm-ups' memory: a recording has its own
    const c10::cuda::CUDAStreamGuard on_side(side_stream(device));
    graphs_ = std::make_shared<Graphs>();
    for (const Function& function : functions) {
      at::cuda::CUDAGraph& graph = *graphs_->list.emplace_back(std::make_unique<at::cuda::CUDAGraph>());
      Capture capture(graph, pool.id_);
      function();
      capture.end();
    }
    return;
  }
#endif
  functions_ = std::move(functions);
}

void Recording::replay(size_t which) const {
#if AIGIS_CUDA_KERNELS
  if (graphs_) return graphs_->list[which]->replay();
#endif
  functions_[which]();
}

}  // namespace aigis
