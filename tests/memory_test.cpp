// What a forward pass keeps alive, by the kernel's own count of the process's memory.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

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

/// From here on VmHWM is the most that will be in use; false if the kernel does not allow it.
bool restart_high_water_mark() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  return file.good();
}

/// AIG-110's feature maps add up to 4.5 MiB an image (two of each block, 18 blocks of 64, 32 and 16 KiB), so 4,500 MiB
/// for 1,000 images. Each thread works on few images at a time, and each layer's output is freed once it is used.
TEST(Memory, InferenceKeepsNoActivations) {
  const OneThread one_thread;
  for (const char* execution : {"mask", "skip"}) {
    const auto net = build(std::string("aig-110:execution=") + execution);
    net->freeze();
    const at::Tensor images = random_images(1000).to(at::kFloat);
    const at::NoGradGuard no_grad;
    net->forward(images.slice(0, 0, 64), pass_of(64));  // what LibTorch sets up once
    if (!restart_high_water_mark()) GTEST_SKIP() << "this kernel does not let a process reset its high-water mark";
    const double before = memory("VmRSS");
    net->forward(images, pass_of(1000));
    EXPECT_LT(memory("VmHWM") - before, 200) << execution;
  }
}

}  // namespace
}  // namespace aigis
