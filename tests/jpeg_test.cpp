// The JPEG defense against libjpeg-turbo's own programs, cjpeg and djpeg.
#include "defenses/jpeg.h"

#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "defenses/list.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/core/philox.h"

namespace aigis {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 3> kSubsamplings = {"4:2:0", "4:2:2", "4:4:4"};
constexpr std::array<const char*, 3> kSampleFactors = {"2x2", "2x1", "1x1"};  // cjpeg's words for them

std::unique_ptr<Defense> jpeg(int64_t quality = 75, const std::string& subsampling = "4:2:0") {
  return find_entry(defense_list(), "defense", "jpeg")
      .make(Spec::parse(fmt::format("jpeg:quality={},subsampling={}", quality, subsampling)));
}

at::Tensor apply(const Defense& defense, const at::Tensor& images) { return defense.apply(images, Pass{}); }

/// One image [1, 3, H, W] of whole levels: noise, or smooth waves.
at::Tensor levels(int64_t height, int64_t width, bool smooth) {
  at::Tensor image = at::empty({1, 3, height, width}, at::kByte);
  uint8_t* pixel = image.mutable_data_ptr<uint8_t>();
  const PhiloxKey key = Stream{7, Purpose::synthetic}.key();
  for (int c = 0; c < 3; ++c) {
    for (int64_t i = 0; i < height * width; ++i) {
      const double wave =
          std::sin(0.11 * (c + 1) * static_cast<double>(i % width) + 0.07 * static_cast<double>(i / width) + c);
      *pixel++ = smooth ? static_cast<uint8_t>(std::lround(127.5 + 127.5 * wave))
                        : static_cast<uint8_t>(draw_word(key, 0, static_cast<uint32_t>(c), static_cast<uint32_t>(i)));
    }
  }
  return image;
}

at::Tensor as_float(const at::Tensor& bytes) { return bytes.to(at::kFloat).div(255); }
at::Tensor as_bytes(const at::Tensor& images) { return images.mul(255).round().to(at::kByte); }

std::string as_ppm(const at::Tensor& bytes) {
  const at::Tensor rows = bytes[0].permute({1, 2, 0}).contiguous();
  return fmt::format("P6\n{} {}\n255\n", bytes.size(3), bytes.size(2)) +
         std::string(reinterpret_cast<const char*>(rows.const_data_ptr<uint8_t>()), rows.nbytes());
}

/// A folder that is gone with the test.
class JpegProgram : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v cjpeg >/dev/null && command -v djpeg >/dev/null") != 0) {
      GTEST_SKIP() << "cjpeg and djpeg are not on the PATH (package libjpeg-turbo-progs)";
    }
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// The PPM that djpeg makes of what cjpeg makes of the image.
  std::string round_trip(const at::Tensor& bytes, int64_t quality, const std::string& factors,
                         const std::string& encoder = "int", const std::string& decoder = "int") {
    const std::string source = (folder_ / "in.ppm").string(), result = (folder_ / "out.ppm").string();
    write_file(source, as_ppm(bytes));
    // -baseline holds the tables to 8 bits, which matters below quality 24: what decoders everywhere can read.
    const std::string command =
        fmt::format("cjpeg -quality {} -baseline -dct {} -sample {} {} | djpeg -dct {} -pnm > {}", quality, encoder,
                    factors, source, decoder, result);
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return read_file(result);
  }

  fs::path folder_ = fs::temp_directory_path() / fmt::format("aigis-jpeg-test-{}", ::getpid());
};

TEST_F(JpegProgram, AgreesByteForByte) {
  const std::vector<std::pair<int64_t, int64_t>> sizes = {{1, 1}, {7, 5}, {32, 32}, {33, 17}, {224, 224}};
  for (const int64_t quality : {1, 10, 50, 75, 95, 100}) {
    for (size_t s = 0; s < kSubsamplings.size(); ++s) {
      for (const auto& [height, width] : sizes) {
        for (const bool smooth : {false, true}) {
          const at::Tensor bytes = levels(height, width, smooth);
          const at::Tensor ours = as_bytes(apply(*jpeg(quality, kSubsamplings[s]), as_float(bytes)));
          EXPECT_TRUE(as_ppm(ours) == round_trip(bytes, quality, kSampleFactors[s]))
              << "quality " << quality << ", " << kSubsamplings[s] << ", " << height << "x" << width
              << (smooth ? ", smooth" : ", noise");
        }
      }
    }
  }
}

// The comparison above would notice another transform on either side: the programs' fast one differs.
TEST_F(JpegProgram, AnotherTransformWouldBeNoticed) {
  for (const bool smooth : {false, true}) {
    const at::Tensor bytes = levels(32, 32, smooth);
    const std::string exact = round_trip(bytes, 75, "2x2");
    EXPECT_NE(exact, round_trip(bytes, 75, "2x2", "fast", "int"));
    EXPECT_NE(exact, round_trip(bytes, 75, "2x2", "int", "fast"));
  }
}

TEST(Jpeg, OptionsAreNamedAndChecked) {
  const auto& entry = find_entry(defense_list(), "defense", "jpeg");
  EXPECT_EQ(entry.make(Spec::parse("jpeg"))->options().dump(), R"({"quality":75,"subsampling":"4:2:0"})");
  EXPECT_EQ(jpeg(30, "4:4:4")->options().dump(), R"({"quality":30,"subsampling":"4:4:4"})");
  EXPECT_EQ(jpeg()->gradient_mode(), "identity");
  for (const char* wrong :
       {"jpeg:quality=0", "jpeg:quality=101", "jpeg:subsampling=4:1:1", "jpeg:qality=75", "jpeg:75"}) {
    EXPECT_THROW(entry.make(Spec::parse(wrong)), InputError) << wrong;
  }
}

TEST(Jpeg, GradientIsTheIdentity) {
  const at::Tensor images = at::rand({3, 3, 17, 9}, at::kDouble).requires_grad_(true);
  const at::Tensor weights = at::rand({3, 3, 17, 9}, at::kDouble);
  const at::Tensor result = apply(*jpeg(), images);
  ASSERT_TRUE(result.requires_grad());
  EXPECT_GT(result.sub(images).abs().max().item().toDouble(), 0.01);
  result.mul(weights).sum().backward();
  EXPECT_TRUE(images.grad().equal(weights));
}

TEST(Jpeg, PixelsAreRoundedToTheNearestLevel) {
  const at::Tensor bytes = levels(24, 24, false);
  const auto defense = jpeg(90);
  const at::Tensor exact = apply(*defense, as_float(bytes));
  for (const double shift : {-0.49, 0.49}) {
    EXPECT_TRUE(apply(*defense, bytes.to(at::kFloat).add(shift).div(255)).equal(exact)) << shift;
  }
  // The result lies on levels, too, so that a second defense or the 8-bit verdict finds them.
  EXPECT_TRUE(as_float(as_bytes(exact)).equal(exact));
  EXPECT_GE(exact.min().item().toDouble(), 0);
  EXPECT_LE(exact.max().item().toDouble(), 1);
}

TEST(Jpeg, BatchThreadsLayoutAndTypeDoNotMatter) {
  std::vector<at::Tensor> parts;
  for (int64_t n = 0; n < 7; ++n) parts.push_back(levels(19, 26, n % 2 == 0).roll({n}, {3}));
  const at::Tensor images = as_float(at::cat(parts));
  const auto defense = jpeg();
  const at::Tensor expected = apply(*defense, images);

  for (int64_t n = 0; n < images.size(0); ++n) {
    EXPECT_TRUE(apply(*defense, images.slice(0, n, n + 1)).equal(expected.slice(0, n, n + 1))) << n;
  }
  const int before = at::get_num_threads();
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    EXPECT_TRUE(apply(*defense, images).equal(expected)) << threads << " threads";
  }
  at::set_num_threads(before);

  const at::Tensor last = apply(*defense, images.contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(last.equal(expected));
  EXPECT_TRUE(last.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(apply(*defense, images.transpose(2, 3).contiguous().transpose(2, 3)).equal(expected));
  EXPECT_TRUE(apply(*defense, images.to(at::kDouble)).to(at::kFloat).equal(expected));
  for (const auto type : {at::kHalf, at::kBFloat16, at::kDouble}) {
    const at::Tensor narrow = images.to(type);
    const at::Tensor result = apply(*defense, narrow);
    EXPECT_EQ(result.scalar_type(), type);
    if (type != at::kDouble) {
      EXPECT_TRUE(result.equal(apply(*defense, narrow.to(at::kFloat)).to(type)));
    }
  }
}

/// Processor time of the process or of the calling thread.
// Built without OpenMP, at::parallel_for is a plain loop and says nothing.
TEST(Jpeg, ParallelForHasThreads) {
  const int before = at::get_num_threads();
  at::set_num_threads(2);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  at::parallel_for(0, 2, 1, [&](int64_t, int64_t) {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  at::set_num_threads(before);
  EXPECT_EQ(threads.size(), 2u);
}

TEST(Jpeg, EmptyBatch) {
  const at::Tensor images = at::empty({0, 3, 32, 32}).requires_grad_(true);
  EXPECT_EQ(apply(*jpeg(), images).sizes(), images.sizes());
}

TEST(Jpeg, WrongImagesAreErrors) {
  const auto defense = jpeg();
  EXPECT_THROW(apply(*defense, at::zeros({2, 1, 8, 8})), InputError);
  EXPECT_THROW(apply(*defense, at::zeros({2, 4, 8, 8})), InputError);
  EXPECT_THROW(apply(*defense, at::zeros({3, 8, 8})), InputError);
  EXPECT_THROW(apply(*defense, at::zeros({2, 3, 8, 8}, at::kByte)), InputError);
  EXPECT_THROW(apply(*defense, at::zeros({1, 3, 1, 65501})), RunError);
  for (const auto type : {at::kFloat, at::kDouble, at::kHalf}) {
    at::Tensor images = at::zeros({4, 3, 8, 8}, type);
    images.select(0, 2).select(0, 1).fill_(std::numeric_limits<double>::quiet_NaN());
    EXPECT_THROW(apply(*defense, images), RunError) << type;
  }
}

}  // namespace
}  // namespace aigis
