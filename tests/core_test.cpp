// Random numbers, threads and devices: what must be the same wherever a run is repeated.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <atomic>

#include "lib/core/error.h"
#include "lib/core/philox.h"
#include "lib/core/repeatable.h"
#include "lib/core/upload.h"
#include "lib/core/workers.h"
#include "tests/messages.h"

namespace aigis {
namespace {

TEST(Repeatable, WhateverWasAllowedBefore) {
  auto& context = at::globalContext();
  context.setAllowTF32CuDNN(true);
  context.setAllowTF32CuBLAS(true);
  context.setDeterministicCuDNN(false);
  context.setBenchmarkCuDNN(true);
  make_repeatable();
  EXPECT_FALSE(context.allowTF32CuDNN());
  EXPECT_FALSE(context.allowTF32CuBLAS());
  EXPECT_TRUE(context.deterministicCuDNN());
  EXPECT_FALSE(context.benchmarkCuDNN());
}

// Known answers published with the generator's reference code (Random123, kat_vectors).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, EveryPartOfTheIdentityMatters) {
  const Stream base{7, Purpose::attack, 1, 2, 3};
  const std::vector<Stream> others{{8, Purpose::attack, 1, 2, 3}, {7, Purpose::attack_gates, 1, 2, 3},
                                   {7, Purpose::attack, 0, 2, 3}, {7, Purpose::attack, 1, 0, 3},
                                   {7, Purpose::attack, 1, 2, 0}, {7ull + (1ull << 32), Purpose::attack, 1, 2, 3}};
  for (const auto& other : others) EXPECT_NE(base.key(), other.key());
  const auto key = base.key();
  EXPECT_NE(draw_word(key, 0, 0, 0), draw_word(key, 1, 0, 0));
  EXPECT_NE(draw_word(key, 0, 0, 0), draw_word(key, 1ull << 32, 0, 0));
  EXPECT_NE(draw_word(key, 0, 0, 0), draw_word(key, 0, 1, 0));
  EXPECT_NE(draw_word(key, 0, 0, 0), draw_word(key, 0, 0, 1));
  EXPECT_NE(draw_word(key, 0, 0, 0), draw_word(key, 0, 0, 4));
}

void expect_upload(at::Device device) {
  const at::Tensor numbers = at::arange(5, at::TensorOptions(at::kDouble)) / 3;
  const at::Tensor same = uploaded(numbers, device), narrow = uploaded(numbers, device, at::kFloat);
  EXPECT_EQ(same.device().type(), device.type());
  EXPECT_TRUE(at::equal(same.cpu(), numbers));
  EXPECT_TRUE(at::equal(narrow.cpu(), numbers.to(at::kFloat)));
}

TEST(Upload, KeepsValuesAndConverts) { expect_upload(at::kCPU); }

TEST(Upload, KeepsValuesAndConvertsOnCuda) {
  if (!at::globalContext().hasCUDA()) GTEST_SKIP() << "no GPU";
  expect_upload(at::kCUDA);
}

TEST(Workers, EachPieceOnceAndOneThreadEach) {
  const int threads = at::get_num_threads();
  for (const int64_t workers : {1, 3, 50}) {
    std::vector<std::atomic<int>> calls(20);
    std::atomic<int> wide{0};
    run_in_parallel(20, workers, [&](int64_t i) {
      ++calls[static_cast<size_t>(i)];
      wide += at::get_num_threads() != 1;
    });
    for (const auto& count : calls) EXPECT_EQ(count, 1);
    EXPECT_EQ(wide, workers > 1 || threads == 1 ? 0 : 20);
    EXPECT_EQ(at::get_num_threads(), threads);
  }
  run_in_parallel(0, 4, [](int64_t) { FAIL(); });
}

TEST(Workers, GradientsAreKeptAsTheCallerSays) {
  for (const bool keeps : {false, true}) {
    const at::AutoGradMode mode(keeps);
    std::atomic<int> as_said{0};
    run_in_parallel(20, 4, [&](int64_t) { as_said += at::GradMode::is_enabled() == keeps; });
    EXPECT_EQ(as_said, 20);
  }
}

TEST(Workers, TheFirstExceptionEndsTheRest) {
  std::atomic<int> done{0};
  EXPECT_EQ(message_of([&] {
              run_in_parallel(100'000, 4, [&](int64_t i) {
                if (i == 3) throw InputError("piece 3");
                ++done;
              });
            }),
            "piece 3");
  EXPECT_LT(done, 99'999);
}

}  // namespace
}  // namespace aigis
