// `aigis bench attack|training`: speed against the floor.
#include <fmt/format.h>

#include "attacks/list.h"
#include "bench/benchmarks.h"
#include "cli/commands.h"
#include "cli/device.h"
#include "cli/evaluation.h"
#include "lib/core/error.h"
#include "lib/core/text.h"
#include "lib/train/trainer.h"
#include "models/checkpoint.h"

namespace aigis {
namespace {

struct BenchFlags {
  std::string what, model = "resnet-20", attack = "fgsm", data = "synthetic", device = "cpu";
  int64_t batch = 128, count = 30;
};

/// A trained checkpoint, or fresh weights: the time of a step does not depend on them.
std::shared_ptr<Network> network_of(const Spec& spec, const Dataset& data, at::Device device, bool frozen) {
  if (is_checkpoint(spec)) {
    if (!frozen) throw InputError(fmt::format("bench training: '{}' is a checkpoint; expected an architecture such as resnet-20", spec.name));
    return load_model(spec, device).network;
  }
  std::shared_ptr<Network> network =
      make_network(spec, {"", 0, static_cast<int64_t>(data.classes.size()), data.images.sizes().slice(1).vec(), 0});
  set_normalization(*network, data);
  network->move_to(device, at::kFloat);
  if (frozen) network->freeze();
  return network;
}

int bench(const BenchFlags& flags) {
  if (flags.batch < 2) throw InputError(fmt::format("--batch: {} is too small; expected at least 2", flags.batch));
  if (flags.count < 1) throw InputError(fmt::format("--count: {} is too small; expected at least 1", flags.count));
  const at::Device device = parse_device(flags.device);
  const Spec model = Spec::parse(flags.model);
  if (flags.what == "attack") {
    const Spec attack = Spec::parse(flags.attack);
    const auto made = find_entry(attack_list(), "attack", attack.name).make(attack);
    const Dataset data = load_dataset(Spec::parse(flags.data), Part::test);
    const auto network = network_of(model, data, device, true);
    check_fit(model.text(), network->card(), data);
    fmt::print("{}", bench_attack(*network, *made, take(data, 0, flags.batch, device), flags.count));
    return 0;
  }
  if (flags.what == "training") {
    const Dataset data = load_dataset(Spec::parse(flags.data), Part::train);
    if (data.size() < flags.batch) throw InputError(fmt::format("--batch: {} is larger than the data set", flags.batch));
    fmt::print("{}", bench_training(*network_of(model, data, device, false), data, flags.batch, flags.count, device));
    return 0;
  }
  throw InputError(unknown_name("benchmark", flags.what, {"attack", "training"}));
}

}  // namespace

Command bench_command(CommandLine& line) {
  line.example("aigis bench attack --model models/cifar10-resnet-20.safetensors --data cifar10:DIR --batch 128");
  auto flags = std::make_shared<BenchFlags>();
  line.text("what", flags->what, "attack: one step against a bare forward and backward pass; training: steps a second", true);
  line.text("--model", flags->model, "checkpoint, or an architecture with fresh weights");
  line.text("--attack", flags->attack, "attack with options");
  line.text("--data", flags->data, "images to use");
  line.number("--batch", flags->batch, "images a step");
  line.number("--count", flags->count, "interleaved pairs, or training steps");
  line.text("--device", flags->device, "cpu or cuda");
  return [flags] { return bench(*flags); };
}

}  // namespace aigis
