// What a JPEG file says about its pixels beside them: Exif orientation, and who wrote its colours.
#pragma once

#include <string_view>

namespace aigis {

struct JpegMarkers {
  int orientation = 1;  ///< Exif 2.32, tag 0x0112: 1 upright, …, 8; 1 where it is absent or unreadable
  bool adobe = false;   ///< an APP14 Adobe segment: CMYK values are stored inverted, 0 being full ink
};

/// Reads the segments before the first scan. Never throws: what is damaged is left to the decoder.
JpegMarkers read_jpeg_markers(std::string_view bytes);

}  // namespace aigis
