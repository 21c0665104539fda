// Numbers of rows rounded up to few, and rows of a batch repeated up to them.
#include "lib/ops/rows.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

namespace aigis {
namespace {

TEST(WholeSteps, AreSixteenthsOfABatch) {
  EXPECT_EQ(in_whole_steps(0, 256), 0);
  EXPECT_EQ(in_whole_steps(129, 256), 144);
  EXPECT_EQ(in_whole_steps(144, 256), 144);
  EXPECT_EQ(in_whole_steps(1, 500), 31);
  EXPECT_EQ(in_whole_steps(497, 500), 527) << "more than the batch";
  EXPECT_EQ(in_whole_steps(9, 100), 16) << "of 8 at least";
  EXPECT_EQ(in_whole_steps(9, 100, 1), 12);
  EXPECT_EQ(in_whole_steps(9, 10, 1), 9);
}

TEST(FilledUp, TheLastRowIsRepeated) {
  struct Case {
    int64_t rows, batch, whole;
  };
  for (const auto& [count, batch, whole] : {Case{3, 100, 8}, Case{8, 100, 8}, Case{9, 100, 16}, Case{0, 100, 0},
                                            Case{1, 512, 32}, Case{33, 512, 64}, Case{1, 500, 16},  // a power of two
                                            Case{3, 5, 5}, Case{99, 100, 100}, Case{5, 5, 5}}) {  // not above the batch
    const at::Tensor rows = at::arange(count, at::TensorOptions(at::kLong)) + 7;
    const at::Tensor filled = filled_up(rows, batch);
    ASSERT_EQ(filled.size(0), whole) << count << " of " << batch;
    EXPECT_TRUE(at::equal(filled.slice(0, 0, count), rows));
    EXPECT_TRUE(filled.slice(0, count).eq(count + 6).all().item<bool>()) << count << " of " << batch;
  }
}

}  // namespace
}  // namespace aigis
