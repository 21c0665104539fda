// `aigis export`: a checkpoint as a TorchScript file for other programs.
#include <fmt/format.h>

#include <filesystem>

#include "cli/commands.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "models/torchscript.h"

namespace aigis {
namespace {

/// As far as a file's parts tell: an archive with the constants of a module's code, which torch.save writes none of.
bool is_torchscript(const std::string& content) {
  return content.starts_with("PK") && content.find("/constants.pkl") != std::string::npos;
}

/// Throws InputError unless a file may be written: a new one, or in place of another TorchScript file.
void check_replaceable(const std::string& out) {
  std::error_code error;
  if (std::filesystem::exists(out, error) && !is_torchscript(read_file(out))) {
    throw InputError(out + ": is no TorchScript file; choose another --out");
  }
  check_writable(out);
}

}  // namespace

Command export_command(CommandLine& line) {
  struct Flags {
    std::string model, out;
  };
  line.example("aigis export models/cifar10-aig-20.safetensors:gates=argmax --out aig-20.pt");
  auto flags = std::make_shared<Flags>();
  line.text("checkpoint", flags->model, "checkpoint with options: models/aig-20.safetensors:gates=argmax", true);
  line.text("--out", flags->out, "TorchScript file to write, for torch.jit.load and --model torchscript:FILE", true);
  return [flags] {
    const std::string out = follow_links(flags->out);
    const Spec spec = Spec::parse(flags->model);
    if (!is_checkpoint(spec)) {
      throw InputError(fmt::format("model '{}': expected the path of a checkpoint", flags->model));
    }
    LoadedNetwork loaded = read_network(spec);
    const std::string content = to_torchscript(loaded);
    check_replaceable(out);
    write_file(out, content);
    fmt::print("{}\n", out);
    return 0;
  };
}

}  // namespace aigis
