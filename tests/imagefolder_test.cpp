// Folders of images: decoding against Pillow and djpeg, and every way in which a folder can be wrong.
#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <time.h>
#include <turbojpeg.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#if AIGIS_PNG
#include <opencv2/imgcodecs.hpp>
#endif

#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/data/image_file.h"
#include "lib/data/imagefolder.h"
#include "lib/data/jpeg_markers.h"

namespace aigis {
namespace {

namespace fs = std::filesystem;

/// Height x width x 3 bytes that vary smoothly, or stripes of one colour for each seed.
RgbImage picture(int64_t height, int64_t width, int seed) {
  RgbImage image{height, width, {}};
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        image.pixels.push_back(static_cast<uint8_t>((3 * x + 2 * y * (c + 1) + 41 * seed) % 256));
      }
    }
  }
  return image;
}

/// JPEG bytes of pixels in a TurboJPEG format. TurboJPEG stores TJPF_CMYK as YCCK with an Adobe marker.
std::string jpeg_bytes(const std::vector<uint8_t>& pixels, int64_t width, int64_t height, int format = TJPF_RGB,
                       int subsampling = TJSAMP_444, int quality = 95) {
  tjhandle handle = tjInitCompress();
  unsigned char* data = nullptr;
  unsigned long size = 0;
  EXPECT_EQ(tjCompress2(handle, pixels.data(), static_cast<int>(width), 0, static_cast<int>(height), format, &data,
                        &size, subsampling, quality, TJFLAG_ACCURATEDCT),
            0);
  std::string bytes(reinterpret_cast<char*>(data), size);
  tjFree(data);
  tjDestroy(handle);
  return bytes;
}

std::string jpeg_bytes(const RgbImage& image) { return jpeg_bytes(image.pixels, image.width, image.height); }

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

void expect_same(const RgbImage& actual, const RgbImage& expected, const std::string& what) {
  EXPECT_EQ(actual.height, expected.height) << what;
  EXPECT_EQ(actual.width, expected.width) << what;
  EXPECT_TRUE(actual.pixels == expected.pixels) << what;
}

std::string golden(const std::string& name) {
  return read_file(std::string(AIGIS_SOURCE_DIR) + "/tests/golden/exif/" + name);
}

/// The message of the InputError that `call` throws; it must be one line.
std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  ADD_FAILURE() << "no InputError";
  return "";
}

void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text << " does not contain " << part;
}

/// Processor time of the process or of the calling thread.
double seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// ---- one file -----------------------------------------------------------------------------------------------------

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

TEST(ImageFile, IsResizedByItsShorterSideAndCropped) {
  const RgbImage exact = picture(16, 16, 3);
  expect_same(resize_and_crop(exact, 16), exact, "unchanged");

  const RgbImage wide = resize_and_crop(picture(16, 29, 3), 16);  // cropped alone: 6 columns left, 7 right
  const RgbImage source = picture(16, 29, 3);
  for (int64_t y = 0; y < 16; ++y) {
    for (int64_t x = 0; x < 48; ++x) {
      ASSERT_EQ(wide.pixels[static_cast<size_t>(y * 48 + x)], source.pixels[static_cast<size_t>((y * 29 + 6) * 3 + x)]);
    }
  }

  // Halved by area: each pixel is the mean of four.
  const RgbImage tall = picture(50, 32, 1), half = resize_and_crop(tall, 16);
  for (int64_t y = 0; y < 16; ++y) {
    for (int64_t x = 0; x < 16; ++x) {
      for (int64_t c = 0; c < 3; ++c) {
        const auto at = [&](int64_t dy, int64_t dx) -> int {
          return tall.pixels[static_cast<size_t>(((2 * (y + 4) + dy) * 32 + 2 * x + dx) * 3 + c)];
        };
        const double mean = (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4.0;
        ASSERT_NEAR(half.pixels[static_cast<size_t>((y * 16 + x) * 3 + c)], mean, 0.51);
      }
    }
  }

  // Grown bilinearly: between the values of its neighbours, and a constant stays one.
  // A strip is as good as its middle: 65 * 1000 pixels in a row would be 12 GB at 250 rows.
  RgbImage strip{1, 65'000, std::vector<uint8_t>(3 * 65'000, 7)};
  std::fill_n(strip.pixels.begin() + 3 * 32'490, 3 * 20, uint8_t{200});
  const RgbImage middle = resize_and_crop(strip, 250);
  EXPECT_EQ(middle.pixels, std::vector<uint8_t>(3 * 250 * 250, 200));

  const RgbImage one = resize_and_crop({1, 1, {10, 20, 30}}, 8);
  ASSERT_EQ(one.pixels.size(), 192u);
  for (size_t i = 0; i < 192; ++i) ASSERT_EQ(one.pixels[i], 10 * (i % 3 + 1));
  const RgbImage pair = resize_and_crop({2, 2, {0, 0, 0, 80, 80, 80, 0, 0, 0, 80, 80, 80}}, 8);
  const std::vector<int> ramp = {0, 0, 10, 30, 50, 70, 80, 80};  // centres of the source at 1.5 and 5.5
  for (size_t x = 0; x < 8; ++x) EXPECT_NEAR(pair.pixels[3 * x], ramp[x], 1) << x;
}

// ---- folders ------------------------------------------------------------------------------------------------------

class ImageFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* part : {"train", "val"}) {
      for (int c = 0; c < 3; ++c) {
        for (int i = 0; i < 10; ++i) {
          put(fmt::format("{}/class{}/{}.jpg", part, c, i), jpeg_bytes(picture(16, 16, 10 * c + i + (*part == 'v'))));
        }
      }
    }
  }
  void TearDown() override { fs::remove_all(root_); }

  void put(const std::string& name, const std::string& content) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream((root_ / name).string(), std::ios::binary) << content;
  }
  Dataset load(Part part, int64_t size = 16) {
    return load_imagefolder(Spec::parse(fmt::format("imagefolder:{},size={}", root_.string(), size)), part);
  }
  std::string message(Part part = Part::test) {
    return message_of([&] { load(part); });
  }
  std::string path(const std::string& name) { return (root_ / name).string(); }

  fs::path root_ = fs::temp_directory_path() / fmt::format("aigis-imagefolder-test-{}", ::getpid());
};

TEST_F(ImageFolder, HoldsEveryImageOnce) {
  const Dataset test = load(Part::test);
  EXPECT_EQ(test.name, "imagefolder");
  EXPECT_EQ(test.classes, (std::vector<std::string>{"class0", "class1", "class2"}));
  ASSERT_EQ(test.images.sizes(), at::IntArrayRef({30, 3, 16, 16}));
  ASSERT_EQ(test.images.scalar_type(), at::kByte);
  for (int64_t n = 0; n < 30; ++n) {
    EXPECT_EQ(test.labels[n].item().toLong(), n % 3) << "classes take turns";
    EXPECT_EQ(test.ids[n].item().toLong(), n);
    const RgbImage expected = decode_jpeg(read_file(path(fmt::format("val/class{}/{}.jpg", n % 3, n / 3))), "expected");
    const at::Tensor image = test.images[n].permute({1, 2, 0}).contiguous();
    EXPECT_TRUE(std::equal(expected.pixels.begin(), expected.pixels.end(), image.const_data_ptr<uint8_t>())) << n;
  }

  const Dataset train = load(Part::train), held_out = load(Part::held_out);
  EXPECT_EQ(train.size(), 27);
  EXPECT_EQ(held_out.size(), 3);
  EXPECT_EQ(train.part, Part::train);
  EXPECT_EQ(held_out.part, Part::held_out);
  std::vector<bool> seen(30);
  for (const Dataset& data : {train, held_out}) {
    for (int64_t n = 0; n < data.size(); ++n) {
      const int64_t id = data.ids[n].item().toLong();
      EXPECT_FALSE(seen.at(static_cast<size_t>(id)));
      seen[static_cast<size_t>(id)] = true;
      EXPECT_EQ(data.labels[n].item().toLong(), id % 3);
      const RgbImage expected = decode_jpeg(read_file(path(fmt::format("train/class{}/{}.jpg", id % 3, id / 3))), "");
      const at::Tensor image = data.images[n].permute({1, 2, 0}).contiguous();
      EXPECT_TRUE(std::equal(expected.pixels.begin(), expected.pixels.end(), image.const_data_ptr<uint8_t>())) << id;
    }
  }
}

TEST_F(ImageFolder, ThreadsDoNotMatter) {
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const std::string hash = load(Part::train, 224).hash();
  at::set_num_threads(3);
  const double others = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - seconds_of(CLOCK_THREAD_CPUTIME_ID);
  EXPECT_EQ(load(Part::train, 224).hash(), hash);
  EXPECT_GT(seconds_of(CLOCK_PROCESS_CPUTIME_ID) - seconds_of(CLOCK_THREAD_CPUTIME_ID), others)
      << "no other thread ran";
  at::set_num_threads(before);
}

TEST_F(ImageFolder, ReadsEveryNameOfJpegAndIgnoresOtherFiles) {
  const std::string content = jpeg_bytes(picture(12, 40, 9));
  for (const char* name : {"val/class1/a.JPEG", "val/class1/b.jpeg", "val/class1/c.JPG"}) put(name, content);
  for (const char* name : {"val/class1/Thumbs.db", "val/class1/.DS_Store", "val/class1/notes.txt", "val/readme.md",
                           "val/class1/noextension", "val/.cache/x.jpg", "train/.cache/x.bmp"}) {
    put(name, "not an image");
  }
  EXPECT_EQ(load(Part::test).size(), 33);
  EXPECT_EQ(load(Part::test, 64).images.sizes(), at::IntArrayRef({33, 3, 64, 64}));
}

#if AIGIS_PNG
TEST_F(ImageFolder, ReadsPng) {
  const RgbImage image = picture(16, 16, 5);
  cv::Mat pixels(16, 16, CV_8UC3, const_cast<uint8_t*>(image.pixels.data())), bgr;
  cv::cvtColor(pixels, bgr, cv::COLOR_RGB2BGR);
  std::vector<uint8_t> png, grey;
  cv::imencode(".png", bgr, png);
  cv::imencode(".png", cv::Mat(16, 16, CV_8UC1, cv::Scalar(77)), grey);
  put("val/class0/00.PNG", std::string(png.begin(), png.end()));
  put("val/class0/01.jpg", std::string(grey.begin(), grey.end()));  // named wrongly, as one of ImageNet's is
  const Dataset data = load(Part::test);
  const at::Tensor first = data.images[3].permute({1, 2, 0}).contiguous();
  EXPECT_TRUE(std::equal(image.pixels.begin(), image.pixels.end(), first.const_data_ptr<uint8_t>()));
  EXPECT_TRUE(data.images[6].eq(77).all().item().toBool());

  const std::string good(png.begin(), png.end());
  put("val/class0/00.PNG", good.substr(0, good.size() / 2));
  expect_contains(message(), path("val/class0/00.PNG") + ": broken PNG file: cut off");
  std::string flipped = good;
  flipped[good.find("IDAT") + 20] ^= 0x55;
  put("val/class0/00.PNG", flipped);
  expect_contains(message(), path("val/class0/00.PNG") + ": broken PNG file: a checksum does not fit");
}
#else
TEST_F(ImageFolder, SaysThatPngIsNotBuiltIn) {
  put("val/class0/00.png", "\x89PNG\r\n\x1A\n");
  expect_contains(message(), path("val/class0/00.png") + ": PNG files are not read by this build");
}
#endif

TEST_F(ImageFolder, BrokenFilesAreNamed) {
  const std::string name = path("val/class2/5.jpg"), good = read_file(name);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {good.substr(0, good.size() / 2), ": broken JPEG file: "},
      {"a text file", ": is no image; expected a JPEG or PNG file"},
      {"", ": is empty; expected a JPEG or PNG file"},
  };
  for (const auto& [content, reason] : cases) {
    put("val/class2/5.jpg", content);
    expect_contains(message(), name + reason);
    EXPECT_EQ(load(Part::train).size(), 27);  // another part's files are not read
  }
  put("val/class2/5.jpg", good);
  put("val/class0/x.gif", "GIF89a");
  expect_contains(message(), path("val/class0/x.gif") + ": .gif files are not read; expected .jpg, .jpeg, .png");
}

TEST_F(ImageFolder, WrongFoldersAreNamed) {
  fs::create_directories(root_ / "val/class3");
  expect_contains(message(), path("val/class3") + ": a class without images");
  put("val/class3/a.jpg", jpeg_bytes(picture(16, 16, 0)));
  expect_contains(message(), path("train") + ": class folder 'class3' of " + path("val") + " is missing");
  fs::remove_all(root_ / "val/class3");
  fs::remove_all(root_ / "val/class1");
  expect_contains(message(), path("val") + ": class folder 'class1' of " + path("train") + " is missing");
  fs::remove_all(root_ / "val");
  expect_contains(message(), path("val") + ": no such folder");
  fs::create_directories(root_ / "val");
  expect_contains(message(), path("val") + ": has no folders");
  fs::remove_all(root_);
  expect_contains(message(), path("train") + ": no such folder");
  put("train", "a file");
  expect_contains(message(), path("train") + ": cannot be listed: Not a directory");
}

TEST_F(ImageFolder, WrongOptionsAreErrors) {
  for (const std::string& text :
       {std::string("imagefolder"), "imagefolder:" + root_.string() + ",size=7",
        "imagefolder:" + root_.string() + ",size=1025", "imagefolder:" + root_.string() + ",sise=32"}) {
    EXPECT_THROW(load_imagefolder(Spec::parse(text), Part::test), InputError) << text;
  }
}

}  // namespace
}  // namespace aigis
