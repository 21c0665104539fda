// A scope for lower precision (automatic mixed precision).
#pragma once

#include "lib/core/tensor.h"

namespace aigis {

/// Inside the scope, convolutions and matrix products on `device` run in `type` (bfloat16 or half); with float32, as
/// their arguments are.
class AutocastScope {
 public:
  AutocastScope(at::DeviceType device, at::ScalarType type);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

 private:
  at::DeviceType device_;
  bool before_, active_;
  at::ScalarType type_before_;
};

/// bfloat16 where the device has instructions for it, else float32.
at::ScalarType fastest_type(at::DeviceType device);

}  // namespace aigis
