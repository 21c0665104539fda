// What a forward pass and a sweep keep alive, by the kernel's own count of the process's memory.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include "lib/eval/sweep.h"
#include "tests/attacks.h"
#include "tests/models_under_test.h"
#include "tests/networks.h"

namespace aigis {
namespace {

/// A line of /proc/self/status, in MiB: "VmRSS" is the memory in use, "VmHWM" the most there was.
double memory(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1)) / 1024;
  }
  return 0;
}

constexpr const char* kNoMark = "this kernel does not let a process reset its high-water mark";

/// What work adds to the memory in use at its peak, in MiB; none if the kernel does not let it be measured.
std::optional<double> added_at_peak(const std::function<void()>& work) {
  mallopt(M_MMAP_THRESHOLD, 1 << 18);  // tensors go back to the system once they are freed,
  malloc_trim(0);                      // and what was freed before is not used again unseen
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;  // from here on VmHWM is the most that will be in use
  if (!file.good()) return {};
  const double before = memory("VmRSS");
  work();
  return memory("VmHWM") - before;
}

/// AIG-110's feature maps add up to 4.5 MiB an image (two of each block, 18 blocks of 64, 32 and 16 KiB), so 1,350 MiB
/// for 300 images. Each thread works on few images at a time, and each layer's output is freed once it is used.
TEST(Memory, InferenceKeepsNoActivations) {
  const OneThread one_thread;
  for (const char* execution : {"mask", "skip"}) {
    const auto net = build(std::string("aig-110:execution=") + execution);
    net->freeze();
    const at::Tensor images = random_images(300).to(at::kFloat);
    const at::NoGradGuard no_grad;
    net->forward(images.slice(0, 0, 64), pass_of(64));  // what LibTorch sets up once
    const std::optional<double> added = added_at_peak([&] { net->forward(images, pass_of(300)); });
    if (!added) GTEST_SKIP() << kNoMark;
    EXPECT_LT(*added, 200) << execution;
  }
}

/// By a sweep over so many images, beside these.
std::optional<double> added_by_sweep(int64_t images) {
  SweepPlan plan;
  plan.models = {std::make_shared<LinearModel>((random_images(1)[0] - 0.5).to(at::kFloat), 0)};
  plan.runs = plan_runs({make_attack("fgsm"), make_attack("bim:steps=2")}, {nullptr}, {Access{}}, /*worst_case=*/true);
  plan.epsilons = {2.0 / 255, 8.0 / 255};
  plan.data = load_dataset(Spec::parse(fmt::format("synthetic:test={}", images)), Part::test);
  plan.data.labels = plan.data.labels.remainder(2);  // the model's classes
  plan.title = "";
  Journal none;
  return added_at_peak([&] { run_sweep(plan, none); });
}

/// A thousand images are 12 MiB in float32, and those of an attack within one budget as many.
TEST(Memory, ASweepKeepsNoImages) {
  const OneThread one_thread;
  added_by_sweep(100);  // what LibTorch sets up once
  const std::optional<double> by_few = added_by_sweep(1000), by_many = added_by_sweep(10'000);
  if (!by_few || !by_many) GTEST_SKIP() << kNoMark;
  EXPECT_LT(*by_many - *by_few, 50) << "9,000 images more are 105 MiB in float32; by few " << *by_few;
}

}  // namespace
}  // namespace aigis
