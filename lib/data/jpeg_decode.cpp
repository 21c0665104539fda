#include "lib/data/jpeg_decode.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/core/error.h"
#include "lib/data/jpeg_markers.h"
#include "lib/data/turbo_handle.h"

namespace aigis {
namespace {

/// Four inks to light. `inverted` values already say how much light an ink lets through.
std::vector<uint8_t> cmyk_to_rgb(const std::vector<uint8_t>& cmyk, bool inverted) {
  std::vector<uint8_t> rgb(cmyk.size() / 4 * 3);
  const int flip = inverted ? 0 : 255;
  for (size_t i = 0; i < cmyk.size() / 4; ++i) {
    const int light = cmyk[4 * i + 3] ^ flip;
    for (size_t c = 0; c < 3; ++c) {
      rgb[3 * i + c] = static_cast<uint8_t>(((cmyk[4 * i + c] ^ flip) * light + 127) / 255);
    }
  }
  return rgb;
}

/// Turns and mirrors the stored image into the upright one.
RgbImage upright(RgbImage stored, int orientation) {
  if (orientation == 1) return stored;
  const bool swap = orientation >= 5;
  const bool flip_rows = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool flip_columns = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  RgbImage image{swap ? stored.width : stored.height, swap ? stored.height : stored.width, {}};
  image.pixels.resize(stored.pixels.size());
  uint8_t* target = image.pixels.data();
  for (int64_t y = 0; y < image.height; ++y) {
    for (int64_t x = 0; x < image.width; ++x) {
      const int64_t row = swap ? x : y, column = swap ? y : x;
      const int64_t from = (flip_rows ? stored.height - 1 - row : row) * stored.width +
                           (flip_columns ? stored.width - 1 - column : column);
      target = std::copy_n(&stored.pixels[static_cast<size_t>(3 * from)], 3, target);
    }
  }
  return image;
}

}  // namespace

RgbImage decode_jpeg(std::string_view bytes, const std::string& path) {
  const TurboHandle handle(tjInitDecompress());
  if (!handle) throw RunError(fmt::format("{}: {}", path, tjGetErrorStr2(nullptr)));
  const auto fail = [&] {
    throw InputError(fmt::format("{}: broken JPEG file: {}", path, tjGetErrorStr2(handle.get())));
  };
  const auto* const data = reinterpret_cast<const unsigned char*>(bytes.data());
  int width = 0, height = 0, subsampling = 0, space = -1;
  const int status = tjDecompressHeader3(handle.get(), data, bytes.size(), &width, &height, &subsampling, &space);
  // Decoding itself copes with subsamplings that TurboJPEG has no name for.
  const bool unnamed_subsampling = subsampling < 0 && space >= 0 && width > 0 && height > 0;
  if (status != 0 && !unnamed_subsampling) fail();
  if (int64_t{width} * height > int64_t{1} << 28) {
    throw InputError(fmt::format("{}: {}x{} pixels are too many; at most 2^28 are read", path, width, height));
  }

  const bool four_inks = space == TJCS_CMYK || space == TJCS_YCCK;
  const int format = four_inks ? TJPF_CMYK : TJPF_RGB;
  std::vector<uint8_t> pixels(static_cast<size_t>(tjPixelSize[format]) * static_cast<size_t>(width) *
                              static_cast<size_t>(height));
  if (tjDecompress2(handle.get(), data, bytes.size(), pixels.data(), width, 0, height, format, TJFLAG_ACCURATEDCT) !=
      0) {
    fail();
  }
  const JpegMarkers markers = read_jpeg_markers(bytes);
  if (four_inks) pixels = cmyk_to_rgb(pixels, markers.adobe);
  return upright({height, width, std::move(pixels)}, markers.orientation);
}

}  // namespace aigis
