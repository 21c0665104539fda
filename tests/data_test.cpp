// Data sets: the official layout of CIFAR-10, the procedural images, the held-out part, and batches.
#include <ATen/Context.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "lib/core/error.h"
#include "lib/data/dataset.h"

namespace aigis {
namespace {

std::set<int64_t> id_set(const Dataset& data) {
  const int64_t* ids = data.ids.const_data_ptr<int64_t>();
  return {ids, ids + data.size()};
}

TEST(HeldOut, IsAFixedTenthThatTrainingDoesNotSee) {
  const Spec spec = Spec::parse("synthetic:train=1000");
  const Dataset train = load_dataset(spec, Part::train), held_out = load_dataset(spec, Part::held_out);
  EXPECT_EQ(train.size(), 900);
  EXPECT_EQ(held_out.size(), 100);
  std::set<int64_t> both = id_set(train);
  both.merge(id_set(held_out));
  EXPECT_EQ(both.size(), 1000u);
  EXPECT_EQ(id_set(load_dataset(spec, Part::held_out)), id_set(held_out));
}

TEST(HeldOut, IsJudgedWhereASpecNamesIt) {
  const Spec named = Spec::parse("synthetic:train=200,test=30,part=held_out");
  const Dataset judged = load_dataset(named, Part::test);
  EXPECT_EQ(judged.part, Part::held_out);
  EXPECT_EQ(judged.hash(), load_dataset(Spec::parse("synthetic:train=200"), Part::held_out).hash());
  EXPECT_EQ(load_dataset(named, Part::train).size(), 180);  // what an attack learns from stays the training part
  EXPECT_EQ(load_dataset(Spec::parse("synthetic:test=30,part=test"), Part::test).size(), 30);
  EXPECT_THROW(load_dataset(Spec::parse("synthetic:part=train"), Part::test), InputError);
}

TEST(Synthetic, ImagesDependOnTheirIndexAlone) {
  const Dataset few = load_dataset(Spec::parse("synthetic:test=30"), Part::test);
  const Dataset many = load_dataset(Spec::parse("synthetic:test=200"), Part::test);
  EXPECT_EQ(many.first(30).hash(), few.hash());
  EXPECT_NE(load_dataset(Spec::parse("synthetic:test=30,seed=2"), Part::test).hash(), few.hash());
  EXPECT_EQ(few.labels.slice(0, 0, 10).sum().item<int64_t>(), 45);
  const Dataset some = load_dataset(Spec::parse("synthetic:train=100"), Part::train);
  const Dataset more = load_dataset(Spec::parse("synthetic:train=1000"), Part::train);
  const auto [positions, in_both] = find_ids(more.ids, some.ids);
  EXPECT_GT(in_both.sum().item<int64_t>(), 0);
  EXPECT_EQ(more.select(positions.masked_select(in_both)).hash(), some.select(in_both.nonzero().squeeze(1)).hash());
  EXPECT_THROW(load_dataset(Spec::parse("synthetic:some/where"), Part::test), InputError);
}

TEST(Batches, AreFloatsInTheUnitInterval) {
  const Dataset data = load_dataset(Spec::parse("synthetic:test=7"), Part::test);
  const Batch batch = take(data, 5, 10);
  EXPECT_EQ(batch.labels.size(0), 2);
  EXPECT_TRUE(at::equal((batch.images * 255).round().to(at::kByte), data.images.slice(0, 5, 7)));
}

TEST(Batches, AreSelectedByPositionAndInRuns) {
  const Batch batch = take(load_dataset(Spec::parse("synthetic:test=7"), Part::test), 0, 7);
  const Batch some = batch.select(at::tensor({6, 1, 1}, at::kLong)), last = batch.part(5, 10);
  EXPECT_TRUE(at::equal(some.images, at::stack({batch.images[6], batch.images[1], batch.images[1]})));
  EXPECT_TRUE(at::equal(some.labels, at::stack({batch.labels[6], batch.labels[1], batch.labels[1]})));
  EXPECT_TRUE(at::equal(some.ids, at::tensor({6, 1, 1}, at::kLong)));
  EXPECT_TRUE(at::equal(last.images, batch.images.slice(0, 5)));
  EXPECT_TRUE(at::equal(last.labels, batch.labels.slice(0, 5)));
  EXPECT_TRUE(at::equal(last.ids, batch.ids.slice(0, 5)));
}

/// CUDA multiplies by the reciprocal of a number, which is another value for half of them.
TEST(Dataset, AllLevelsHaveTheSameBitsOnCuda) {
  if (!at::globalContext().hasCUDA()) GTEST_SKIP() << "no GPU";
  Dataset data;
  data.images = at::arange(256, at::TensorOptions(at::kByte)).view({1, 1, 16, 16});
  data.labels = data.ids = at::zeros({1}, at::TensorOptions(at::kLong));
  EXPECT_TRUE(at::equal(take(data, 0, 1, at::kCUDA).images.cpu(), take(data, 0, 1).images));
}

TEST(Cifar10, ReadsTheOfficialLayout) {
  const char* root = std::getenv("AIGIS_DATA");
  if (root == nullptr) GTEST_SKIP() << "AIGIS_DATA does not name a folder with cifar-10-batches-bin";
  const std::string folder = std::string(root) + "/cifar-10-batches-bin";
  const Dataset test = load_dataset(Spec::parse("cifar10:" + folder), Part::test);
  ASSERT_EQ(test.size(), 10'000);
  for (int64_t k = 0; k < 10; ++k) EXPECT_EQ(test.labels.eq(k).sum().item<int64_t>(), 1000);
  // The first labels of the official test file: cat, ship, ship, airplane, frog.
  EXPECT_TRUE(at::equal(test.labels.slice(0, 0, 5), at::cat({at::arange(3, 4), at::arange(8, 9), at::arange(8, 9),
                                                             at::arange(0, 1), at::arange(6, 7)})
                                                        .to(at::kLong)));
  std::ifstream file(folder + "/test_batch.bin", std::ios::binary);
  file.seekg(3073 * 9999 + 1 + 2 * 1024 + 5 * 32 + 7);  // blue plane, row 5, column 7 of the last image
  EXPECT_EQ(test.images[9999][2][5][7].item<int64_t>(), file.get());
  EXPECT_EQ(load_dataset(Spec::parse("cifar10:" + folder), Part::held_out).size(), 5'000);
  EXPECT_EQ(load_dataset(Spec::parse("cifar10:" + folder + ",part=held_out"), Part::test).size(), 5'000);
  EXPECT_EQ(load_dataset(Spec::parse("cifar10:" + folder), Part::train).size(), 45'000);
}

}  // namespace
}  // namespace aigis
