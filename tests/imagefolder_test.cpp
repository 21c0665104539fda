// What a folder of images is read as.
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#if AIGIS_PNG
#include <opencv2/imgcodecs.hpp>
#endif

#include "lib/core/files.h"
#include "lib/data/image_file.h"
#include "tests/image_folder.h"

namespace aigis {
namespace {

namespace fs = std::filesystem;

/// Processor time of the process or of the calling thread.
double seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

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

}  // namespace
}  // namespace aigis
