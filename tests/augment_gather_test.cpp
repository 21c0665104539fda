// Augmentation of whole batches at once, on the CPU and on a GPU, against that of one image after the other.
#include "lib/data/augment_gather.h"

#include <ATen/Context.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <functional>

namespace aigis {
namespace {

/// Calls `check` with images of any bytes and every kind of augmentation.
void with_every_augmentation(const std::function<void(const Dataset&, const Augmentation&)>& check) {
  constexpr int64_t kImages = 60, kHeight = 17, kWidth = 22;
  Dataset data;
  data.images = (at::arange(kImages * 3 * kHeight * kWidth, at::TensorOptions(at::kLong)) * 7919 % 256)
                    .to(at::kByte)
                    .view({kImages, 3, kHeight, kWidth});
  data.labels = at::arange(kImages, at::TensorOptions(at::kLong)) % 7;
  data.ids = at::arange(kImages, at::TensorOptions(at::kLong)) * 3 + 1;
  for (const Crop crop : {Crop::none, Crop::padded, Crop::resized}) {
    for (const int64_t cutout : {0, 6, 7}) check(data, {crop, cutout});
  }
}

const Stream kStream{9, Purpose::augmentation, 0, 0, 4};

at::Tensor some_positions(const Dataset& data) { return shuffled(data.size(), {9, Purpose::order}).slice(0, 5, 50); }

// Two ways of computing it, one image after the other and all at once.
TEST(Augmentation, OfWholeBatchesIsTheSameToTheLastBit) {
  with_every_augmentation([](const Dataset& data, const Augmentation& kinds) {
    const Batch expected = augmented(data, some_positions(data), kStream, kinds);
    const Batch batch = augmented_by_gather(data, some_positions(data), kStream, kinds);
    EXPECT_TRUE(at::equal(batch.images, expected.images)) << static_cast<int>(kinds.crop) << " " << kinds.cutout;
    EXPECT_TRUE(at::equal(batch.labels, expected.labels));
    EXPECT_TRUE(at::equal(batch.ids, expected.ids));
  });
}

TEST(Augmentation, CudaGivesTheSameImagesToTheLastBit) {
  if (!at::globalContext().hasCUDA()) GTEST_SKIP() << "no GPU";
  with_every_augmentation([](const Dataset& data, const Augmentation& kinds) {
    const Batch expected = augmented(data, some_positions(data), kStream, kinds);
    const Batch batch = augmented(data.on(at::kCUDA), some_positions(data), kStream, kinds);
    ASSERT_TRUE(batch.images.is_cuda() && batch.labels.is_cuda());
    EXPECT_TRUE(at::equal(batch.images.cpu(), expected.images)) << static_cast<int>(kinds.crop) << " " << kinds.cutout;
    EXPECT_TRUE(at::equal(batch.labels.cpu(), expected.labels));
    EXPECT_TRUE(at::equal(batch.ids, expected.ids));
  });
}

}  // namespace
}  // namespace aigis
