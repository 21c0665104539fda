// One image file, from the disk to pixels of the wanted size.
#pragma once

#include <cstdint>
#include <string>

#include "lib/data/jpeg_decode.h"

namespace aigis {

/// Decodes a JPEG or PNG file; which of them it is follows from its first bytes, not from its name.
/// Throws InputError that names the file: unreadable, of neither format, damaged, or PNG where it was built without.
RgbImage read_image(const std::string& path);

/// Resizes the shorter side to `shorter`, by area when it shrinks and bilinearly when it grows, and cuts out the
/// middle, `size` by `size`; `shorter` is at least `size`. Leaves an image alone that is so already.
RgbImage resize_and_crop(RgbImage image, int64_t shorter, int64_t size);

}  // namespace aigis
