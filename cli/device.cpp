#include "cli/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/headeronly/version.h>

#include <fstream>

#include "cli/version.h"
#include "lib/core/error.h"
#include "lib/core/repeatable.h"
#include "lib/core/text.h"
#include "lib/ops/recording.h"

namespace aigis {
namespace {

std::string command_line;

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return trim(line.substr(line.find(':') + 1));
  }
  return "unknown";
}

}  // namespace

at::Device parse_device(const std::string& name) {
  if (name == "cpu") return at::kCPU;
  if (name != "cuda") throw InputError(unknown_name("device", name, {"cpu", "cuda"}));
  if (!at::globalContext().hasCUDA()) {
    throw InputError(AIGIS_WITH_CUDA ? "device 'cuda': no usable GPU was found on this machine; use --device cpu"
                                     : "device 'cuda': this build is for the CPU only; configure with -DAIGIS_CUDA=ON");
  }
  make_repeatable();
  return at::Device(at::kCUDA, 0);
}

void check_cuda_graphs(const std::string& asked, const std::string& instead, at::Device device) {
  if (!device.is_cuda()) {
    throw InputError(fmt::format("{}: a recording is a CUDA graph; expected --device cuda, or {}", asked, instead));
  }
  if (!has_recordings(device)) {
    throw InputError(fmt::format(
        "{}: this build records no CUDA graphs; expected a build on a machine that has nvcc, or {}", asked, instead));
  }
}

Json environment_json(at::Device device) {
  return {{"cpu", processor()},
          {"device", device.str()},
          {"threads", at::get_num_threads()},
          {"determinism", device.is_cpu() ? "bitwise for the same build, threads and batch"
                                          : "float32 without TF32, deterministic cuDNN"}};
}

Json tool_json() {
  return {{"version", kVersion},
          {"commit", kCommit},
          {"build",
           {{"compiler", fmt::format("g++ {}", __VERSION__)},
            {"libtorch", fmt::format("{}.{}.{}", TORCH_VERSION_MAJOR, TORCH_VERSION_MINOR, TORCH_VERSION_PATCH)},
            {"cuda", static_cast<bool>(AIGIS_WITH_CUDA)}}},
          {"command_line", command_line}};
}

std::string version_text() { return fmt::format("aigis {} ({})", kVersion, kCommit); }

void remember_command_line(int argc, char** argv) {
  std::vector<std::string> words(argv, argv + argc);
  if (!words.empty()) words[0] = "aigis";
  command_line = join(words, " ");
}

}  // namespace aigis
