// The JPEG defense against libjpeg-turbo's own programs, cjpeg and djpeg.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include "lib/core/files.h"
#include "tests/jpeg_defense.h"

namespace aigis {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 3> kSubsamplings = {"4:2:0", "4:2:2", "4:4:4"};
constexpr std::array<const char*, 3> kSampleFactors = {"2x2", "2x1", "1x1"};  // cjpeg's words for them

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

}  // namespace
}  // namespace aigis
