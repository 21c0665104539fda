// Buckets of rows: their order, their room, and blocks that run in them.
#include "lib/ops/bucket.h"

#include <ATen/Context.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "models/parts/run_block.h"
#include "tests/networks.h"

namespace aigis {
namespace {

/// Buckets too small (rates too low), as they should be, and too large to pay give what masking gives.
TEST(Buckets, GiveWhatMaskingGives) {
  const OneThread one_thread;
  const at::TensorOptions real(at::kDouble);
  const int64_t count = 60;
  const at::Tensor images = random_images(count);
  const std::vector<Pass> passes{pass_of(count), with_graph(count, at::zeros({6}, real)),
                                 with_graph(count, at::ones({6}, real)),
                                 with_graph(count, at::tensor({1, 0, 1, 1, 0, 1}, real))};
  const auto mask = build_frozen("aig-14:execution=mask");
  for (const double rate : {0.02, 0.3, 0.98}) {
    const auto bucket = build_frozen("aig-14:execution=bucket", std::vector<double>(6, rate));
    for (const Pass& pass : passes) {
      const Output expected = mask->forward(images, pass), output = bucket->forward(images, pass);
      EXPECT_TRUE(at::allclose(output.logits, expected.logits, 1e-10, 1e-10)) << rate;
      EXPECT_TRUE(at::equal(output.gates.open, expected.gates.open)) << rate;
    }
  }
}

/// The whole network on a GPU, against masks on the CPU.
TEST(Buckets, GiveWhatMaskingGivesOnCuda) {
  if (!at::globalContext().hasCUDA()) GTEST_SKIP() << "no GPU";
  const at::Tensor images = random_images(60);
  const Output expected = build_frozen("aig-14:execution=mask")->forward(images, pass_of(60));
  for (const char* execution : {"skip", "bucket"}) {
    for (const double rate : {0.02, 0.3}) {
      const auto net = build_frozen(std::string("aig-14:execution=") + execution, std::vector<double>(6, rate));
      net->move_to(at::kCUDA, at::kDouble);
      const Output output = net->forward(images.to(at::kCUDA), pass_of(60));
      EXPECT_TRUE(at::allclose(output.logits.cpu(), expected.logits, 1e-8, 1e-8)) << execution << rate;
      EXPECT_TRUE(at::equal(output.gates.open.cpu(), expected.gates.open)) << execution << rate;
    }
  }
}

TEST(Buckets, HaveRoomForWhatIsExpected) {
  EXPECT_EQ(bucket_room(256, 0.5), 160);    // 128 + 4 x 8, in steps of 16
  EXPECT_EQ(bucket_room(1024, 0.25), 320);  // 256 + 4 x 13.9 = 311.4, in steps of 64
  EXPECT_EQ(bucket_room(256, 0.9), 256);    // 230 + 19 is more than nine tenths
  EXPECT_EQ(bucket_room(256, 0), 16);
  EXPECT_EQ(bucket_room(8, 0.5), 8);
  EXPECT_EQ(bucket_room(0, 0.5), 0);
}

/// On a device: the order of a bucket, its count, its overflow, and rows moved there and back.
void check_buckets(at::Device device) {
  const at::TensorOptions whole(at::kInt);
  for (const int64_t count : {1, 6, 31, 1024, 2500}) {
    const at::Tensor open = at::arange(count).mul(7).remainder(5).lt(2).to(at::kFloat);  // two of five
    const int64_t opened = open.sum().item<int64_t>();
    const at::Tensor order = at::cat({open.nonzero().flatten(), (1 - open).nonzero().flatten()}).to(at::kInt);
    for (const int64_t room : {count, (opened + count) / 2, opened, opened / 2}) {
      if (room == 0) continue;
      const at::Tensor overflow = at::zeros({1}, whole.device(device));
      const Bucket bucket = fill_bucket(open.to(device), room, overflow);
      EXPECT_TRUE(at::equal(bucket.rows.cpu(), order.slice(0, 0, room))) << count << " " << room;
      EXPECT_EQ(bucket.count.item<int32_t>(), opened);
      EXPECT_EQ(overflow.item<int32_t>(), opened > room);
      for (const bool channels_last : {false, true}) {
        for (const int64_t side : {1, 3, 4}) {  // rows of 12, 108 and 192 bytes
          at::Tensor x =
              at::arange(count * 3 * side * side, at::TensorOptions(at::kFloat)).view({count, 3, side, side});
          if (channels_last) x = x.contiguous(at::MemoryFormat::ChannelsLast);
          const at::Tensor rows = order.slice(0, 0, room).to(at::kLong), moved = x.to(device, at::kFloat, false, true);
          const at::Tensor inside = gather_bucket(moved, bucket);
          EXPECT_TRUE(at::equal(inside.cpu(), x.index_select(0, rows)));
          scatter_bucket(moved, bucket, inside * -1);
          at::Tensor expected = x.clone();
          const at::Tensor filled = rows.slice(0, 0, std::min(room, opened));
          expected.index_copy_(0, filled, -x.index_select(0, filled));
          EXPECT_TRUE(at::equal(moved.cpu(), expected));
        }
      }
    }
  }
}

TEST(Buckets, HoldOpenRowsFirst) { check_buckets(at::kCPU); }

TEST(Buckets, HoldOpenRowsFirstOnCuda) {
  if (!at::globalContext().hasCUDA()) GTEST_SKIP() << "no GPU";
  if (!has_buckets(at::kCUDA)) GTEST_SKIP() << "built without a CUDA compiler";
  check_buckets(at::kCUDA);
}

}  // namespace
}  // namespace aigis
