#include "lib/data/thumbnail.h"

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <fmt/format.h>

#include <algorithm>

#include "lib/core/error.h"
#include "lib/data/turbo_handle.h"

namespace aigis {
namespace {

constexpr int64_t kLongestSide = 64;
constexpr int kQuality = 92;

}  // namespace

std::string thumbnail(const at::Tensor& image) {
  const int64_t longest = std::max(image.size(1), image.size(2));
  at::Tensor small = image;
  if (longest > kLongestSide) {
    const auto side = [&](int64_t length) { return std::max<int64_t>(length * kLongestSide / longest, 1); };
    small = at::adaptive_avg_pool2d(image.to(at::kFloat).unsqueeze(0), {side(image.size(1)), side(image.size(2))})
                .squeeze(0)
                .round()
                .to(at::kByte);
  }
  const at::Tensor pixels = small.permute({1, 2, 0}).contiguous();
  const auto height = static_cast<int>(pixels.size(0)), width = static_cast<int>(pixels.size(1));
  const TurboHandle encoder(tjInitCompress());
  if (!encoder) throw RunError(fmt::format("thumbnail: {}", tjGetErrorStr2(nullptr)));
  std::string file(tjBufSize(width, height, TJSAMP_444), '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(file.data());
  unsigned long size = file.size();
  if (tjCompress2(encoder.get(), pixels.const_data_ptr<uint8_t>(), width, 0, height, TJPF_RGB, &bytes, &size,
                  TJSAMP_444, kQuality, TJFLAG_ACCURATEDCT | TJFLAG_NOREALLOC) != 0) {
    throw RunError(fmt::format("thumbnail: {}", tjGetErrorStr2(encoder.get())));
  }
  file.resize(size);
  return file;
}

}  // namespace aigis
