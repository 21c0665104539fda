#include "lib/data/jpeg_markers.h"

#include <cstdint>

namespace aigis {
namespace {

/// Numbers at positions of a byte string; 0 behind its end, so that a damaged length leads nowhere.
class Reader {
 public:
  Reader(std::string_view bytes, bool little_endian) : bytes_(bytes), little_endian_(little_endian) {}
  uint32_t number(size_t position, size_t count) const {
    if (position > bytes_.size() || bytes_.size() - position < count) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < count; ++i) {
      const size_t at = position + (little_endian_ ? count - 1 - i : i);
      value = value << 8 | static_cast<uint8_t>(bytes_[at]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool little_endian_;
};

/// Reads the orientation out of a TIFF structure, the content of an Exif segment.
int tiff_orientation(std::string_view tiff) {
  const bool little_endian = tiff.starts_with(std::string_view("II*\0", 4));
  if (!little_endian && !tiff.starts_with(std::string_view("MM\0*", 4))) return 1;
  const Reader reader(tiff, little_endian);
  const size_t folder = reader.number(4, 4);
  const size_t entries = reader.number(folder, 2);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = folder + 2 + 12 * i;
    if (reader.number(entry, 2) != 0x0112) continue;
    const bool is_short = reader.number(entry + 2, 2) == 3 && reader.number(entry + 4, 4) == 1;
    const uint32_t value = reader.number(entry + 8, 2);
    return is_short && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace

JpegMarkers read_jpeg_markers(std::string_view bytes) {
  constexpr uint32_t kEnd = 0xD9, kScan = 0xDA, kApp1 = 0xE1, kApp14 = 0xEE;
  constexpr std::string_view kExif("Exif\0\0", 6);
  JpegMarkers markers;
  bool exif_seen = false;
  const Reader reader(bytes, false);
  size_t position = 2;  // behind "start of image"
  while (position + 4 <= bytes.size() && reader.number(position, 1) == 0xFF) {
    const uint32_t marker = reader.number(position + 1, 1);
    if (marker == 0xFF) {  // a fill byte
      ++position;
      continue;
    }
    const size_t length = reader.number(position + 2, 2);  // counts its own two bytes
    if (marker == kScan || marker == kEnd || length < 2) break;
    const std::string_view content = bytes.substr(position + 4, length - 2);
    if (marker == kApp14 && content.size() >= 12 && content.starts_with("Adobe")) markers.adobe = true;
    if (marker == kApp1 && content.starts_with(kExif) && !exif_seen) {
      markers.orientation = tiff_orientation(content.substr(kExif.size()));
      exif_seen = true;
    }
    position += 2 + length;
  }
  return markers;
}

}  // namespace aigis
