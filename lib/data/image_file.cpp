#include "lib/data/image_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#if AIGIS_PNG
#include <opencv2/imgcodecs.hpp>
#endif

#include "lib/core/error.h"
#include "lib/core/files.h"

namespace aigis {
namespace {

#if AIGIS_PNG
uint32_t big_endian(const std::string& bytes, size_t position) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[position + i]);
  return value;
}

/// CRC-32 of ISO 3309, as PNG's annex D has it.
uint32_t checksum(std::string_view bytes) {
  uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? 0xEDB88320u ^ (crc >> 1) : crc >> 1;
  }
  return ~crc;
}

/// What is wrong with the chunks (4 bytes of length, 4 of type, content, 4 of checksum) up to the end mark; else null.
/// libpng would tell the terminal of it too.
const char* defect_of_png(const std::string& bytes) {
  for (size_t position = 8; bytes.size() - position >= 12;) {
    const size_t length = big_endian(bytes, position);
    if (length > bytes.size() - position - 12) break;
    const std::string_view content = std::string_view(bytes).substr(position + 4, 4 + length);
    if (checksum(content) != big_endian(bytes, position + 8 + length)) return "a checksum does not fit";
    if (content.starts_with("IEND")) return nullptr;
    position += 12 + length;
  }
  return "cut off";
}

RgbImage decode_png(const std::string& bytes, const std::string& path) {
  if (const char* defect = defect_of_png(bytes)) {
    throw InputError(fmt::format("{}: broken PNG file: {}", path, defect));
  }
  cv::Mat image;
  try {
    image = cv::imdecode(cv::Mat(1, static_cast<int>(bytes.size()), CV_8U, const_cast<char*>(bytes.data())),
                         cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception& error) {
    throw InputError(fmt::format("{}: broken PNG file: {}", path, error.err));
  }
  if (image.empty()) throw InputError(fmt::format("{}: broken PNG file", path));
  cv::cvtColor(image, image, cv::COLOR_BGR2RGB);
  return {image.rows, image.cols, std::vector<uint8_t>(image.datastart, image.dataend)};
}
#else
RgbImage decode_png(const std::string&, const std::string& path) {
  throw InputError(
      fmt::format("{}: PNG files are not read by this build; convert it to JPEG, or build with -DAIGIS_PNG=ON", path));
}
#endif

}  // namespace

RgbImage read_image(const std::string& path) {
  const std::string bytes = read_file(path);
  if (bytes.starts_with("\xFF\xD8")) return decode_jpeg(bytes, path);
  if (bytes.starts_with("\x89PNG\r\n\x1A\n")) return decode_png(bytes, path);
  throw InputError(
      fmt::format("{}: {}; expected a JPEG or PNG file", path, bytes.empty() ? "is empty" : "is no image"));
}

RgbImage resize_and_crop(RgbImage image, int64_t shorter, int64_t size) {
  const int64_t before = std::min(image.height, image.width);
  if (image.height == image.width && before == shorter && shorter == size) return image;
  cv::Mat pixels(static_cast<int>(image.height), static_cast<int>(image.width), CV_8UC3, image.pixels.data());
  // All of a long strip would be resized for the one square in its middle.
  constexpr int64_t kWidest = 8;
  const int height = static_cast<int>(std::min(image.height, kWidest * before));
  const int width = static_cast<int>(std::min(image.width, kWidest * before));
  pixels = pixels(cv::Rect((pixels.cols - width) / 2, (pixels.rows - height) / 2, width, height));
  if (before != shorter) {
    const cv::Size resized(static_cast<int>(width * shorter / before), static_cast<int>(height * shorter / before));
    cv::Mat other;
    cv::resize(pixels, other, resized, 0, 0, before > shorter ? cv::INTER_AREA : cv::INTER_LINEAR);
    pixels = other;
  }
  const int side = static_cast<int>(size);
  const cv::Mat middle = pixels(cv::Rect((pixels.cols - side) / 2, (pixels.rows - side) / 2, side, side)).clone();
  return {size, size, std::vector<uint8_t>(middle.datastart, middle.dataend)};
}

}  // namespace aigis
