// The JPEG defense as one of the list: options, gradient, batches, types, and wrong images.
#include "defenses/jpeg.h"

#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <limits>
#include <mutex>
#include <set>
#include <thread>

#include "lib/core/error.h"
#include "tests/jpeg_defense.h"

namespace aigis {
namespace {

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
