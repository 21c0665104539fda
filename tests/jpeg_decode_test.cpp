// JPEG files of every kind against Pillow and djpeg, and damaged ones.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "lib/core/files.h"
#include "lib/data/jpeg_markers.h"
#include "tests/messages.h"
#include "tests/pictures.h"

namespace aigis {
namespace {

namespace fs = std::filesystem;

/// Reads a P6 or P5 file of 8 bits, header lines as Pillow and djpeg write them.
RgbImage parse_pnm(const std::string& content) {
  RgbImage image;
  int consumed = 0, width = 0, height = 0;
  char kind = 0;
  EXPECT_EQ(std::sscanf(content.c_str(), "P%c %d %d 255%n", &kind, &width, &height, &consumed), 3);
  image.width = width;
  image.height = height;
  for (size_t i = static_cast<size_t>(consumed) + 1; i < content.size(); ++i) {
    image.pixels.insert(image.pixels.end(), kind == '5' ? 3 : 1, static_cast<uint8_t>(content[i]));
  }
  return image;
}

std::string golden(const std::string& name) {
  return read_file(std::string(AIGIS_SOURCE_DIR) + "/tests/golden/exif/" + name);
}

TEST(JpegDecode, AgreesWithPillow) {
  for (const char* name :
       {"orientation-1", "orientation-2", "orientation-3", "orientation-4", "orientation-5", "orientation-6",
        "orientation-7", "orientation-8", "orientation-6-little", "orientation-9", "grey", "cmyk", "progressive"}) {
    expect_same(decode_jpeg(golden(std::string(name) + ".jpg"), name), parse_pnm(golden(std::string(name) + ".ppm")),
                name);
  }
}

TEST(JpegDecode, AgreesWithDjpeg) {
  if (std::system("command -v djpeg >/dev/null && command -v cjpeg >/dev/null") != 0) {
    GTEST_SKIP() << "cjpeg and djpeg are not on the PATH (package libjpeg-turbo-progs)";
  }
  const fs::path folder = fs::temp_directory_path() / fmt::format("aigis-decode-test-{}", ::getpid());
  fs::create_directories(folder);
  const std::string source = (folder / "a.jpg").string(), result = (folder / "a.ppm").string();
  const auto compare = [&](const std::string& what) {
    ASSERT_EQ(std::system(fmt::format("djpeg -dct int -pnm {} > {}", source, result).c_str()), 0) << what;
    expect_same(decode_jpeg(read_file(source), source), parse_pnm(read_file(result)), what);
  };

  std::vector<uint8_t> inks;
  for (int i = 0; i < 4 * 23 * 14; ++i) inks.push_back(static_cast<uint8_t>(i * i / 7 % 256));
  for (const int subsampling : {TJSAMP_444, TJSAMP_420}) {
    write_file(source, jpeg_bytes(inks, 23, 14, TJPF_CMYK, subsampling));
    compare("YCCK");
  }
  const RgbImage image = picture(21, 34, 1);
  write_file(result, fmt::format("P6\n{} {}\n255\n", image.width, image.height) +
                         std::string(image.pixels.begin(), image.pixels.end()));
  for (const char* options :
       {"-sample 2x2", "-sample 2x1", "-sample 1x2", "-sample 4x1", "-sample 3x1", "-sample 1x1,2x2",
        "-sample 2x2 -progressive", "-arithmetic", "-rgb", "-grayscale", "-restart 1"}) {
    write_file(result, fmt::format("P6\n{} {}\n255\n", image.width, image.height) +
                           std::string(image.pixels.begin(), image.pixels.end()));
    ASSERT_EQ(std::system(fmt::format("cjpeg {} {} > {}", options, result, source).c_str()), 0) << options;
    compare(options);
  }
  fs::remove_all(folder);
}

// Adobe's CMYK files say how much light passes, those without its marker how much ink there is.
TEST(JpegDecode, CmykWithoutAdobeMarkerIsInk) {
  const std::string adobe = golden("cmyk.jpg");
  ASSERT_TRUE(read_jpeg_markers(adobe).adobe);
  const size_t at =
      adobe.find(std::string("\xFF\xEE\0\x0E"
                             "Adobe",
                             9));
  ASSERT_NE(at, std::string::npos);
  std::string plain = adobe;
  plain.erase(at, 16);
  ASSERT_FALSE(read_jpeg_markers(plain).adobe);

  // Pillow's cmyk.jpg has no black ink, stored as 255; taken as ink that is black.
  const RgbImage black = decode_jpeg(plain, "plain");
  EXPECT_LE(*std::max_element(black.pixels.begin(), black.pixels.end()), 3);
  const RgbImage light = decode_jpeg(adobe, "adobe");
  EXPECT_GE(*std::max_element(light.pixels.begin(), light.pixels.end()), 200);
}

TEST(JpegDecode, DamagedExifIsIgnored) {
  const std::string good = golden("orientation-6.jpg");
  ASSERT_EQ(read_jpeg_markers(good).orientation, 6);
  const size_t tiff = good.find("Exif") + 6;
  for (size_t at = tiff; at < tiff + 26; ++at) {
    for (const int value : {0, 1, 127, 128, 255}) {
      std::string damaged = good;
      damaged[at] = static_cast<char>(value);
      const int orientation = read_jpeg_markers(damaged).orientation;
      EXPECT_TRUE(orientation >= 1 && orientation <= 8);
      decode_jpeg(damaged, "damaged");
    }
  }
  for (size_t length = 0; length < good.size(); ++length) {
    const int orientation = read_jpeg_markers(good.substr(0, length)).orientation;
    EXPECT_TRUE(orientation == 1 || orientation == 6);
  }
}

TEST(JpegDecode, DamageIsAnError) {
  for (const std::string& good :
       {golden("orientation-1.jpg"), golden("progressive.jpg"), jpeg_bytes(picture(40, 40, 0))}) {
    for (size_t length = 0; length + 2 <= good.size(); length += 7) {
      EXPECT_THROW(decode_jpeg(good.substr(0, length), "cut"), InputError) << length << " of " << good.size();
    }
  }
  expect_contains(message_of([] { decode_jpeg("no image at all", "x.jpg"); }), "x.jpg: broken JPEG file");

  std::string huge = jpeg_bytes(picture(8, 8, 0));
  const size_t frame = huge.find(std::string("\xFF\xC0", 2));
  for (size_t i = 5; i < 9; ++i) huge[frame + i] = '\xFF';
  EXPECT_THROW(decode_jpeg(huge, "huge"), InputError);
  for (size_t i = 5; i < 9; ++i) huge[frame + i] = '\xF0';
  expect_contains(message_of([&] { decode_jpeg(huge, "huge"); }), "too many");
}

}  // namespace
}  // namespace aigis
