// A sweep that ended early goes on where it was.
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "lib/core/error.h"
#include "tests/greys.h"
#include "tests/scratch.h"
#include "tests/tallies.h"

namespace aigis {
namespace {

namespace fs = std::filesystem;

/// Two attacks and their worst case over six batches, with ten images to be saved. The second attack fails once.
class CutOffSweep : public testing::Test {
 protected:
  CutOffSweep() {
    const auto darken = planted([this](const at::Tensor& x, double epsilon) {
      ++darkened_;
      return (x - epsilon).clamp(0, 1);
    });
    const auto brighten = planted([this](const at::Tensor& x, double epsilon) {
      if (++brightened_ == fails_at_) throw RunError("the disk is full");
      return (x + epsilon).clamp(0, 1);
    });
    plan_.models = {std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5)};
    plan_.runs = plan_runs({darken, brighten}, {nullptr}, {Access{}}, true);
    plan_.epsilons = {10.0 / 255};
    plan_.data = greys();
    plan_.batch = 7;
    plan_.examples = 10;
    Journal none;
    unbroken_ = run_sweep(plan_, none);
  }
  ~CutOffSweep() override { remove_journal(path_); }

  SweepResult run() const {
    Journal journal(path_, Json::object());
    return run_sweep(plan_, journal);
  }

  /// Ends in the third batch, between its first run and its second.
  void cut_off() {
    remove_journal(path_);
    darkened_ = brightened_ = 0;
    fails_at_ = 3;
    EXPECT_THROW(run(), RunError);
    EXPECT_EQ(Journal(path_, Json::object()).size(), 7u);
  }

  void expect_unbroken(const SweepResult& result) const {
    for (size_t r = 0; r < 3; ++r) {
      EXPECT_EQ(without_seconds(result.tallies[0][r]), without_seconds(unbroken_.tallies[0][r])) << r;
      EXPECT_TRUE(at::equal(result.examples[r].images, unbroken_.examples[r].images)) << r;
      EXPECT_TRUE(at::equal(result.examples[r].hits, unbroken_.examples[r].hits)) << r;
      EXPECT_TRUE(at::equal(result.examples[r].margins, unbroken_.examples[r].margins)) << r;
    }
  }

  fs::path kept(int64_t batch, int64_t r) const {
    return fs::path(path_ + "-files") / ("model-0-batch-" + std::to_string(batch) + "-run-" + std::to_string(r));
  }

  const std::string path_ = scratch("cut_off.journal");
  int64_t darkened_ = 0, brightened_ = 0, fails_at_ = 0;
  SweepPlan plan_;
  SweepResult unbroken_;
};

TEST_F(CutOffSweep, WhatIsDoneIsNotDoneAgain) {
  cut_off();
  for (int again = 0; again < 2; ++again) {
    expect_unbroken(run());
    EXPECT_EQ(darkened_, 6);
    EXPECT_EQ(brightened_, 7) << "once in vain";
  }
}

TEST_F(CutOffSweep, ImagesAreKeptAsLongAsTheyAreNeeded) {
  cut_off();
  EXPECT_TRUE(fs::exists(kept(2, 0))) << "by the worst case";
  run();
  for (int64_t batch = 0; batch < 6; ++batch) {
    for (int64_t r = 0; r < 3; ++r) EXPECT_EQ(fs::exists(kept(batch, r)), batch < 2) << "ten are to be saved";
  }
  Journal(path_, Json::object()).remove();
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_FALSE(fs::exists(kept(0, 0).parent_path()));
}

// Those of what models see of themselves are not kept until all transfers are done.
TEST(WorstCase, ImagesGoWithIt) {
  const auto linear = [] { return std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5); };
  const std::string path = scratch("worst_case.journal");
  std::vector<int64_t> kept;
  const auto count = [&](const at::Tensor& x, double) {
    const fs::path folder = path + "-files";
    kept.push_back(fs::exists(folder) ? std::distance(fs::directory_iterator(folder), fs::directory_iterator()) : 0);
    return x;
  };
  SweepPlan plan;
  plan.models = {linear()};
  plan.runs =
      plan_runs({planted(count), planted(count)}, {nullptr}, {Access{}, Access{"transfer:other", linear()}}, true);
  plan.epsilons = {10.0 / 255};
  plan.data = greys();
  Journal journal(path, Json::object());
  run_sweep(plan, journal);
  EXPECT_EQ(kept, (std::vector<int64_t>{0, 1, 0, 1})) << "the first attack's until the worst of both is judged";
  journal.remove();
}

TEST_F(CutOffSweep, ImagesAreSavedInEightBits) {
  plan_.examples_as = at::kByte;
  Journal none;
  unbroken_ = run_sweep(plan_, none);
  EXPECT_TRUE(at::equal(unbroken_.examples[0].images, plan_.data.images.slice(0, 0, 10) - 10));
  EXPECT_TRUE(at::equal(unbroken_.examples[1].images, plan_.data.images.slice(0, 0, 10) + 10));
  cut_off();
  for (int again = 0; again < 2; ++again) expect_unbroken(run());
}

TEST_F(CutOffSweep, MarginsAreKeptOfTheImagesToBeSaved) {
  for (const at::ScalarType form : {at::kFloat, at::kByte}) {
    for (const int64_t examples : {0, 10}) {
      plan_.examples_as = form;
      plan_.examples = examples;
      Journal none;
      const SweepResult result = run_sweep(plan_, none);
      for (const RunTally& run : result.tallies[0]) {
        EXPECT_EQ(run.cells[0].margins.size(), static_cast<size_t>(examples));
      }
    }
  }
}

TEST_F(CutOffSweep, DamagedImagesAreMadeAgain) {
  const auto erase = [](const fs::path& file) { fs::remove(file); };
  const auto cut = [](const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); };
  const auto change = [](const fs::path& file) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(-1, std::ios::end);
    stream.put('\0');
  };
  for (const auto& damage : std::vector<std::function<void(const fs::path&)>>{erase, cut, change}) {
    cut_off();
    damage(kept(0, 2));
    damage(kept(2, 0));
    expect_unbroken(run());
    EXPECT_EQ(darkened_, 7) << "of the third batch; the worst case of the first needs no attack";
    EXPECT_EQ(brightened_, 7);
  }
}

/// Counts how often it learns.
class Learner : public Planted {
 public:
  explicit Learner(std::shared_ptr<int64_t> times)
      : Planted([](const at::Tensor& x, double) { return x; }), times_(std::move(times)) {}
  int64_t learns_from() const override { return 10; }
  std::shared_ptr<const Attack> learnt(Victim&, const Batch&, Norm, at::ArrayRef<double>) const override {
    ++*times_;
    return std::make_shared<Learner>(times_);
  }

 private:
  std::shared_ptr<int64_t> times_;
};

TEST(Learner, AttacksLearnOnlyWhereSomethingIsLeftToDo) {
  const auto times = std::make_shared<int64_t>(0);
  SweepPlan plan;
  plan.models = {std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5)};
  plan.runs = plan_runs({std::make_shared<Learner>(times)}, {nullptr}, {Access{}}, false);
  plan.epsilons = {0.1};
  plan.data = plan.training = greys();
  plan.batch = 7;
  const std::string path = scratch("learner.journal");
  remove_journal(path);
  const auto run = [&] {
    Journal journal(path, Json::object());
    return run_sweep(plan, journal).tallies[0][0].to_json();
  };
  const Json first = run();
  EXPECT_EQ(*times, 1);
  EXPECT_EQ(run(), first);
  EXPECT_EQ(*times, 1) << "every batch is in the journal";
  plan.examples = 1;
  run();
  EXPECT_EQ(*times, 2) << "no images were kept";
  run();
  EXPECT_EQ(*times, 2) << "now they are";
  remove_journal(path);
}

}  // namespace
}  // namespace aigis
