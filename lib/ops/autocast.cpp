#include "lib/ops/autocast.h"

#include <ATen/autocast_mode.h>

namespace aigis {

AutocastScope::AutocastScope(at::DeviceType device, at::ScalarType type)
    : device_(device), before_(at::autocast::is_autocast_enabled(device)), active_(before_ || type != at::kFloat),
      type_before_(at::autocast::get_autocast_dtype(device)) {
  if (!active_) return;
  at::autocast::set_autocast_enabled(device_, type != at::kFloat);
  if (type != at::kFloat) at::autocast::set_autocast_dtype(device_, type);
}

AutocastScope::~AutocastScope() {
  if (!active_) return;
  at::autocast::set_autocast_enabled(device_, before_);
  at::autocast::set_autocast_dtype(device_, type_before_);
  at::autocast::clear_cache();  // weights cast in this scope are stale after the next optimiser step
}

at::ScalarType fastest_type(at::DeviceType device) {
  if (device == at::kCUDA) return at::kBFloat16;
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") ? at::kBFloat16 : at::kFloat;  // every processor with AMX has it too
#else
  return at::kFloat;
#endif
}

}  // namespace aigis
