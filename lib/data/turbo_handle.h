// TurboJPEG's encoders and decoders, closed when their owner goes.
#pragma once

#include <turbojpeg.h>

#include <memory>

namespace aigis {

struct CloseTurboHandle {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using TurboHandle = std::unique_ptr<void, CloseTurboHandle>;

}  // namespace aigis
