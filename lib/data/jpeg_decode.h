// JPEG files as pixels: colour spaces brought to RGB, and the camera's orientation applied.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aigis {

struct RgbImage {
  int64_t height = 0, width = 0;
  std::vector<uint8_t> pixels;  ///< height x width x 3: red, green, blue
};

/// Decodes the content of a JPEG file with libjpeg-turbo's accurate integer DCT and smooth chroma upsampling, as
/// Pillow does. Greyscale becomes three equal channels; CMYK and YCCK become RGB, inverted where an Adobe marker
/// says so; Exif orientation is applied.
/// Throws InputError if the content is no JPEG, damaged or cut off (every warning of libjpeg counts as damage),
/// or larger than 2^28 pixels. `path` is for the message.
RgbImage decode_jpeg(std::string_view bytes, const std::string& path);

}  // namespace aigis
