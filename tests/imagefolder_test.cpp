// Folders of images: how an image is cut to size, and every way in which a folder can be wrong.
#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#if AIGIS_PNG
#include <opencv2/imgcodecs.hpp>
#endif

#include "lib/core/files.h"
#include "lib/data/image_file.h"
#include "lib/data/imagefolder.h"
#include "tests/pictures.h"

namespace aigis {
namespace {

namespace fs = std::filesystem;

/// Processor time of the process or of the calling thread.
double seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

TEST(ImageFile, IsResizedByItsShorterSideAndCropped) {
  const RgbImage exact = picture(16, 16, 3);
  expect_same(resize_and_crop(exact, 16, 16), exact, "unchanged");

  const RgbImage wide = resize_and_crop(picture(16, 29, 3), 16, 16);  // cropped alone: 6 columns left, 7 right
  const RgbImage source = picture(16, 29, 3);
  for (int64_t y = 0; y < 16; ++y) {
    for (int64_t x = 0; x < 48; ++x) {
      ASSERT_EQ(wide.pixels[static_cast<size_t>(y * 48 + x)], source.pixels[static_cast<size_t>((y * 29 + 6) * 3 + x)]);
    }
  }

  // Halved by area: each pixel is the mean of four. Of the 25x16 that are left the middle, 16x16 or 10x10.
  const RgbImage tall = picture(50, 32, 1);
  for (const int64_t size : {16, 10}) {
    const RgbImage half = resize_and_crop(tall, 16, size);
    ASSERT_EQ(half.pixels.size(), static_cast<size_t>(3 * size * size));
    const int64_t top = (25 - size) / 2, left = (16 - size) / 2;
    for (int64_t y = 0; y < size; ++y) {
      for (int64_t x = 0; x < size; ++x) {
        for (int64_t c = 0; c < 3; ++c) {
          const auto at = [&](int64_t dy, int64_t dx) -> int {
            return tall.pixels[static_cast<size_t>(((2 * (y + top) + dy) * 32 + 2 * (x + left) + dx) * 3 + c)];
          };
          const double mean = (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4.0;
          ASSERT_NEAR(half.pixels[static_cast<size_t>((y * size + x) * 3 + c)], mean, 0.51) << size;
        }
      }
    }
  }

  // Grown bilinearly: between the values of its neighbours, and a constant stays one.
  // A strip is as good as its middle: 65 * 1000 pixels in a row would be 12 GB at 250 rows.
  RgbImage strip{1, 65'000, std::vector<uint8_t>(3 * 65'000, 7)};
  std::fill_n(strip.pixels.begin() + 3 * 32'490, 3 * 20, uint8_t{200});
  const RgbImage middle = resize_and_crop(strip, 250, 250);
  EXPECT_EQ(middle.pixels, std::vector<uint8_t>(3 * 250 * 250, 200));

  const RgbImage one = resize_and_crop({1, 1, {10, 20, 30}}, 8, 8);
  ASSERT_EQ(one.pixels.size(), 192u);
  for (size_t i = 0; i < 192; ++i) ASSERT_EQ(one.pixels[i], 10 * (i % 3 + 1));
  const RgbImage pair = resize_and_crop({2, 2, {0, 0, 0, 80, 80, 80, 0, 0, 0, 80, 80, 80}}, 8, 8);
  const std::vector<int> ramp = {0, 0, 10, 30, 50, 70, 80, 80};  // centres of the source at 1.5 and 5.5
  for (size_t x = 0; x < 8; ++x) EXPECT_NEAR(pair.pixels[3 * x], ramp[x], 1) << x;
}

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

TEST_F(ImageFolder, TrainingLooksAtNoTestFolder) {
  put("val/class3/a.jpg", "no picture");
  EXPECT_EQ(load(Part::train).classes.size(), 3u);
  fs::remove_all(root_ / "val");
  EXPECT_EQ(load(Part::train).size(), 27);
  EXPECT_EQ(load(Part::held_out).size(), 3);
}

TEST_F(ImageFolder, IsResizedFurtherThanItIsCropped) {
  const Dataset data =
      load_imagefolder(Spec::parse(fmt::format("imagefolder:{},size=16,resize=32", root_.string())), Part::test);
  const RgbImage expected = resize_and_crop(read_image(path("val/class0/0.jpg")), 32, 16);
  const at::Tensor first = data.images[0].permute({1, 2, 0}).contiguous();
  EXPECT_TRUE(std::equal(expected.pixels.begin(), expected.pixels.end(), first.const_data_ptr<uint8_t>()));
  EXPECT_NE(data.hash(), load(Part::test).hash());
}

TEST_F(ImageFolder, TheHeldOutPartIsJudgedWithoutATestFolder) {
  fs::remove_all(root_ / "val");
  const Dataset data =
      load_imagefolder(Spec::parse(fmt::format("imagefolder:{},size=16,part=held_out", root_.string())), Part::test);
  EXPECT_EQ(data.part, Part::held_out);
  EXPECT_EQ(data.hash(), load(Part::held_out).hash());
}

TEST_F(ImageFolder, WrongOptionsAreErrors) {
  for (const std::string& text :
       {std::string("imagefolder"), "imagefolder:" + root_.string() + ",size=7",
        "imagefolder:" + root_.string() + ",size=1025", "imagefolder:" + root_.string() + ",size=16,resize=15",
        "imagefolder:" + root_.string() + ",sise=32"}) {
    EXPECT_THROW(load_imagefolder(Spec::parse(text), Part::test), InputError) << text;
  }
}

}  // namespace
}  // namespace aigis
