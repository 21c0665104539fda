// `aigis export`: a checkpoint as a TorchScript file for other programs, or with its weights in another precision.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "models/torchscript.h"

namespace aigis {
namespace {

struct ExportFlags {
  std::string model, out, precision = "float32";
};

/// As far as a file's parts tell: an archive with the constants of a module's code, which torch.save writes none of.
bool is_torchscript(const std::string& content) {
  return content.starts_with("PK") && content.find("/constants.pkl") != std::string::npos;
}

/// Throws InputError unless a file may be written: a new one, or in place of another TorchScript file.
void check_replaceable_torchscript(const std::string& out) {
  std::error_code error;
  if (std::filesystem::exists(out, error) && !is_torchscript(read_file(out))) {
    throw InputError(out + ": is no TorchScript file; choose another --out");
  }
  check_writable(out);
}

std::string torchscript(const Spec& spec, const std::string& out, at::ScalarType type) {
  if (type != at::kFloat) {
    throw InputError(
        fmt::format("--out {}: a TorchScript file holds float32; for float16 expected FILE.safetensors", out));
  }
  LoadedNetwork loaded = read_network(spec);
  std::string content = to_torchscript(loaded);
  check_replaceable_torchscript(out);
  return content;
}

std::string checkpoint(const Spec& spec, const std::string& out, at::ScalarType type) {
  if (!spec.options.empty() || !spec.path.empty()) {
    throw InputError(
        fmt::format("model '{}': a checkpoint keeps no options of inference; expected a checkpoint that "
                    "aigis wrote, without options",
                    spec.text()));
  }
  std::string content = format_safetensors(converted_checkpoint(spec.name, type));
  std::error_code error;
  if (std::filesystem::exists(out, error)) throw InputError(out + ": exists already; choose another --out");
  check_writable(out);
  return content;
}

int run(const ExportFlags& flags) {
  const std::string out = follow_links(flags.out);
  const Spec spec = Spec::parse(flags.model);
  if (!is_checkpoint(spec)) {
    throw InputError(fmt::format("model '{}': expected the path of a checkpoint", flags.model));
  }
  if (flags.precision != "float32" && flags.precision != "float16") {
    throw InputError(fmt::format("--precision: '{}' is not one of float32, float16", flags.precision));
  }
  const at::ScalarType type = flags.precision == "float16" ? at::kHalf : at::kFloat;
  write_file(out, out.ends_with(".safetensors") ? checkpoint(spec, out, type) : torchscript(spec, out, type));
  fmt::print("{}\n", out);
  return 0;
}

}  // namespace

Command export_command(CommandLine& line) {
  line.example(
      "aigis export models/cifar10-aig-20.safetensors:gates=argmax --out aig-20.pt\n"
      "  aigis export models/cifar10-aig-20.safetensors --precision float16 --out aig-20-half.safetensors");
  auto flags = std::make_shared<ExportFlags>();
  line.text("checkpoint", flags->model, "checkpoint with options: models/aig-20.safetensors:gates=argmax", true);
  line.text("--precision", flags->precision, "of the weights: float32, or float16 for a checkpoint of half the size");
  line.text(
      "--out", flags->out,
      "TorchScript file to write, for torch.jit.load and --model torchscript:FILE; FILE.safetensors: a checkpoint",
      true);
  return [flags] { return run(*flags); };
}

}  // namespace aigis
