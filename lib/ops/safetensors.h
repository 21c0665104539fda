// Weights on disk: the safetensors format (8 bytes of length, a JSON header, raw little-endian data).
#pragma once

#include <map>
#include <string>

#include "lib/core/tensor.h"

namespace aigis {

struct Safetensors {
  std::map<std::string, std::string> metadata;
  std::map<std::string, at::Tensor> tensors;  ///< contiguous, on the CPU
};

/// Throws InputError with the reason: no header, cut off, unknown type, offsets that overlap, leave gaps
/// or disagree with a shape, left-over bytes.
Safetensors parse_safetensors(const std::string& bytes, const std::string& path);
Safetensors read_safetensors(const std::string& path);

std::string format_safetensors(const Safetensors& content);
void write_safetensors(const std::string& path, const Safetensors& content);

}  // namespace aigis
