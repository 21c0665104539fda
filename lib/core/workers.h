// Independent pieces of work on several threads.
#pragma once

#include <cstdint>
#include <functional>

#include "lib/core/tensor.h"

namespace aigis {

/// Calls work(i) once for each i from 0 to count - 1, on up to `workers` of LibTorch's threads, each of which computes
/// alone: pieces that fit a core's cache run faster side by side than one after the other on all cores, and a piece's
/// result does not depend on how many cores there are. Gradients are kept or not as the caller says. With one worker
/// the calling thread does it all, with all of LibTorch's threads. The first exception ends the rest and is thrown
/// again.
void run_in_parallel(int64_t count, int64_t workers, const std::function<void(int64_t)>& work);

/// Workers for `pieces` pieces of work on a device: one for each of LibTorch's threads on a CPU, one for a GPU.
int64_t workers_for(at::Device device, int64_t pieces);
/// The same where LibTorch has `threads` threads.
int64_t workers_for(at::Device device, int64_t pieces, int64_t threads);

}  // namespace aigis
