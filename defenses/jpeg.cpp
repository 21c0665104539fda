#include "defenses/jpeg.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "lib/core/error.h"
#include "lib/data/turbo_handle.h"
#include "lib/ops/replace_forward.h"

namespace aigis {
namespace {

int turbo_subsampling(Subsampling subsampling) {
  switch (subsampling) {
    case Subsampling::both: return TJSAMP_420;
    case Subsampling::horizontal: return TJSAMP_422;
    case Subsampling::none: return TJSAMP_444;
  }
  throw std::logic_error("unknown subsampling");
}

/// An encoder and a decoder with their buffers, for images of one size. One thread uses it at a time.
class Codec {
 public:
  Codec(int64_t height, int64_t width, const JpegOptions& options)
      : height_(static_cast<int>(height)), width_(static_cast<int>(width)), quality_(static_cast<int>(options.quality)),
        subsampling_(turbo_subsampling(options.subsampling)), encoder_(tjInitCompress()), decoder_(tjInitDecompress()) {
    if (!encoder_ || !decoder_) throw RunError(fmt::format("defense 'jpeg': {}", tjGetErrorStr2(nullptr)));
    const unsigned long bound = tjBufSize(width_, height_, subsampling_);
    if (bound == static_cast<unsigned long>(-1)) {
      throw RunError(fmt::format("defense 'jpeg': {}x{} is no size of an image", width, height));
    }
    file_.resize(bound);
    pixels_.resize(static_cast<size_t>(3 * height * width));
  }

  /// Red, green and blue of each pixel, row by row: filled by the caller, replaced by round_trip().
  std::vector<uint8_t>& pixels() { return pixels_; }

  void round_trip() {
    // Without ACCURATEDCT TurboJPEG encodes with a fast, coarser DCT below quality 96, and half of the bytes differ.
    unsigned char* file = file_.data();
    unsigned long size = file_.size();
    if (tjCompress2(encoder_.get(), pixels_.data(), width_, 0, height_, TJPF_RGB, &file, &size, subsampling_, quality_,
                    TJFLAG_ACCURATEDCT | TJFLAG_NOREALLOC) != 0) {
      throw RunError(fmt::format("defense 'jpeg': {}", tjGetErrorStr2(encoder_.get())));
    }
    if (tjDecompress2(decoder_.get(), file, size, pixels_.data(), width_, 0, height_, TJPF_RGB, TJFLAG_ACCURATEDCT) !=
        0) {
      throw RunError(fmt::format("defense 'jpeg': {}", tjGetErrorStr2(decoder_.get())));
    }
  }

 private:
  int height_, width_, quality_, subsampling_;
  TurboHandle encoder_, decoder_;
  std::vector<uint8_t> file_, pixels_;
};

/// Rounds to the nearest level, halves to even as at::round does; k / 255 in float or double gives back k.
template <class T>
uint8_t to_level(T value) {
  if (std::isnan(value)) throw RunError("defense 'jpeg': a pixel is NaN; expected a number in [0, 1]");
  // Above this number floats are whole, so adding it rounds. std::nearbyint is a call for each pixel.
  constexpr T kWhole = 1 / std::numeric_limits<T>::epsilon();
  const T scaled = std::clamp(value * 255, T{0}, T{255});
  return static_cast<uint8_t>((scaled + kWhole) - kWhole);
}

/// Images and result are [N, 3, H, W] of type T on the CPU, each in any memory format.
template <class T>
void compress(const at::Tensor& images, const at::Tensor& result, const JpegOptions& options) {
  const int64_t height = images.size(2), width = images.size(3);
  const T* const source = images.const_data_ptr<T>();
  T* const target = result.mutable_data_ptr<T>();
  // Calls at(tensor's element, codec's byte) for every value of image n.
  const auto each = [&](int64_t n, const at::Tensor& tensor, auto&& at) {
    for (int64_t c = 0; c < 3; ++c) {
      for (int64_t y = 0; y < height; ++y) {
        const int64_t row = n * tensor.stride(0) + c * tensor.stride(1) + y * tensor.stride(2);
        const int64_t step = tensor.stride(3);
        for (int64_t x = 0; x < width; ++x) at(row + x * step, static_cast<size_t>((y * width + x) * 3 + c));
      }
    }
  };
  at::parallel_for(0, images.size(0), 1, [&](int64_t begin, int64_t end) {
    Codec codec(height, width, options);
    uint8_t* const pixels = codec.pixels().data();
    for (int64_t n = begin; n < end; ++n) {
      each(n, images, [&](int64_t element, size_t byte) { pixels[byte] = to_level(source[element]); });
      codec.round_trip();
      each(n, result, [&](int64_t element, size_t byte) { target[element] = static_cast<T>(pixels[byte]) / 255; });
    }
  });
}

}  // namespace

at::Tensor Jpeg::apply(const at::Tensor& images, const Pass&) const {
  if (images.dim() != 4 || images.size(1) != 3) {
    throw InputError(
        fmt::format("defense 'jpeg': images are [{}]; expected [N, 3, H, W]", fmt::join(images.sizes(), ", ")));
  }
  if (!images.is_floating_point()) {
    throw InputError("defense 'jpeg': images are whole numbers; expected floats in [0, 1]");
  }
  // Half precision is widened: between two levels it has too few values to round well.
  const auto type = images.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const at::Tensor source = images.detach().to(at::kCPU, type);
  const at::Tensor result = at::empty(source.sizes(), source.options().memory_format(images.suggest_memory_format()));
  if (source.numel() > 0) {
    if (type == at::kDouble) {
      compress<double>(source, result, options_);
    } else {
      compress<float>(source, result, options_);
    }
  }
  return replace_forward(images, result.to(images.device(), images.scalar_type()));
}

}  // namespace aigis
