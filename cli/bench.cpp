// `aigis bench attack|inference|skipping|training`: speed against the floor, and what closed gates save.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "attacks/list.h"
#include "bench/benchmarks.h"
#include "cli/commands.h"
#include "cli/device.h"
#include "cli/evaluated_model.h"
#include "cli/plan_checks.h"
#include "lib/core/error.h"
#include "lib/core/run_options.h"
#include "lib/core/text.h"
#include "lib/ops/bucket.h"
#include "lib/train/normalization.h"
#include "lib/train/trainer.h"
#include "models/checkpoint.h"

namespace aigis {
namespace {

struct BenchFlags {
  std::string what, model, attack = "fgsm", against, data = "synthetic", norm = "linf", device = "cpu";
  int64_t batch = 128, count = 30;
  bool cuda_graph = false;
  std::string execution = "skip", batches = "1,8,64,256", rates = "0.3,0.5,0.7,0.9";
};

/// A trained checkpoint, or fresh weights: the time of a step does not depend on them.
std::shared_ptr<Network> network_of(const Spec& spec, const Dataset& data, at::Device device, bool frozen) {
  if (is_checkpoint(spec)) {
    if (!frozen) {
      throw InputError(
          fmt::format("bench training: '{}' is a checkpoint; expected an architecture such as resnet-20", spec.name));
    }
    return load_network(spec, device).network;
  }
  std::shared_ptr<Network> network =
      make_network(spec, {"", 0, static_cast<int64_t>(data.classes.size()), data.images.sizes().slice(1).vec(), 0});
  set_normalization(*network, data);
  network->move_to(device, at::kFloat);
  if (frozen) network->freeze();
  return network;
}

Spec model_of(const BenchFlags& flags) { return Spec::parse(flags.model.empty() ? "resnet-20" : flags.model); }

/// What --data names, if it holds at least `count` images.
Dataset images_of(const BenchFlags& flags, Part part, int64_t count) {
  const Dataset data = load_dataset(Spec::parse(flags.data), part);
  if (count <= data.size()) return data;
  throw InputError(fmt::format("a batch of {} is larger than the data set '{}', which has {} images", count, flags.data,
                               data.size()));
}

/// A frozen model that takes the images of `data`.
std::shared_ptr<Model> model_for(const Dataset& data, const BenchFlags& flags, at::Device device) {
  const Spec spec = model_of(flags);
  return with_passes(spec, device, [&](const Spec& own) {
    const auto network = network_of(own, data, device, true);
    check_fit(spec.text(), network->card(), data);
    return network;
  });
}

/// Checked against the model, and with what it has to learn learnt.
std::shared_ptr<const Attack> ready(const std::string& text, Model& model, const BenchFlags& flags, at::Device device) {
  const auto attack = attack_of(text);
  if (!attack) throw InputError("attack 'none' takes no time; expected one with gradients, such as pgd");
  check_attack(*attack, model.card());
  const Norm norm = parse_norm(flags.norm);
  check_norm(*attack, norm);
  if (attack->learns_from() == 0) return attack;
  const int64_t images = attack->learns_from();
  const Dataset training = load_dataset(Spec::parse(flags.data), Part::train).spread(images);
  Victim victim(model, 0);
  return attack->learnt(victim, take(training, 0, images, device), norm, {bench_epsilon(norm)});
}

std::string attack(const BenchFlags& flags, at::Device device) {
  const Dataset data = images_of(flags, Part::test, flags.batch);
  const auto model = model_for(data, flags, device);
  const auto made = ready(flags.attack, *model, flags, device);
  const auto against = flags.against.empty() ? nullptr : ready(flags.against, *model, flags, device);
  return bench_attack(*model, *made, against.get(), take(data, 0, flags.batch, device), parse_norm(flags.norm),
                      flags.count);
}

std::string inference(const BenchFlags& flags, at::Device device) {
  const Dataset data = images_of(flags, Part::test, flags.batch);
  return bench_inference(*model_for(data, flags, device), take(data, 0, flags.batch, device), flags.count);
}

std::string skipping(const BenchFlags& flags, at::Device device) {
  std::vector<int64_t> batches;
  for (const auto& text : split(flags.batches, ',')) batches.push_back(parse_integer(text, "--batches"));
  std::vector<double> rates;
  for (const auto& text : split(flags.rates, ',')) {
    rates.push_back(parse_number(text, "--rates"));
    if (rates.back() < 0 || rates.back() > 1) {
      throw InputError(fmt::format("--rates: {} is out of range; expected 0 to 1", text));
    }
  }
  const int64_t smallest = *std::min_element(batches.begin(), batches.end());
  if (smallest < 1) throw InputError(fmt::format("--batches: {} is too small; expected at least 1", smallest));
  const int64_t largest = *std::max_element(batches.begin(), batches.end());
  const Dataset data = images_of(flags, Part::test, largest);
  const Spec model = Spec::parse(flags.model.empty() ? "aig-110" : flags.model);
  for (const auto& [key, value] : model.options) {
    if (key != kExecutionOption) continue;
    throw InputError(fmt::format("model '{}': skipping compares two ways of execution; expected --execution {}",
                                 flags.model, value == "bucket" ? "bucket" : "skip"));
  }
  if (!is_checkpoint(model)) {
    const auto& options = find_architecture(model.name).first->run_options;
    if (std::find(options.begin(), options.end(), kExecutionOption) == options.end()) {
      throw InputError(fmt::format("model '{}' cannot leave layers out; expected one such as aig-110", flags.model));
    }
  }
  if (flags.execution != "skip" && flags.execution != "bucket") {
    throw InputError(unknown_name("execution", flags.execution, {"skip", "bucket"}));
  }
  if (flags.execution == "bucket" && !has_buckets(device)) {
    throw InputError("--execution bucket: this build has no kernels for the GPU; build where nvcc is found");
  }
  std::vector<std::shared_ptr<Network>> networks;
  for (const std::string& execution : {flags.execution, std::string("mask")}) {
    Spec executed = model;
    executed.options.emplace_back(kExecutionOption, execution);
    networks.push_back(network_of(executed, data, device, true));
    check_fit(executed.text(), networks.back()->card(), data);
    if (networks.back()->card().gated.empty()) {
      throw InputError(
          fmt::format("model '{}' has no gates to close; expected one with a target rate below 1", model.text()));
    }
  }
  return bench_skipping(*networks[0], *networks[1], flags.execution, take(data, 0, largest, device), batches, rates,
                        flags.count);
}

std::string training(const BenchFlags& flags, at::Device device) {
  if (flags.batch < 2) throw InputError(fmt::format("--batch: {} is too small; expected at least 2", flags.batch));
  const Dataset data = images_of(flags, Part::train, flags.batch);
  const auto network = network_of(model_of(flags), data, device, false);
  if (flags.cuda_graph) check_cuda_graphs("cuda_graph=true", "cuda_graph=false", device);
  return bench_training(*network, data, flags.batch, flags.count, device, flags.cuda_graph);
}

struct Benchmark {
  const char* name;
  std::string (*run)(const BenchFlags& flags, at::Device device);
};

constexpr std::array kBenchmarks{Benchmark{"attack", attack}, Benchmark{"inference", inference},
                                 Benchmark{"skipping", skipping}, Benchmark{"training", training}};

int bench(const BenchFlags& flags) {
  if (flags.batch < 1) throw InputError(fmt::format("--batch: {} is too small; expected at least 1", flags.batch));
  if (flags.count < 1) throw InputError(fmt::format("--count: {} is too small; expected at least 1", flags.count));
  const at::Device device = parse_device(flags.device);
  std::vector<std::string> names;
  for (const Benchmark& benchmark : kBenchmarks) {
    names.emplace_back(benchmark.name);
    if (flags.what != benchmark.name) continue;
    fmt::print("{}", benchmark.run(flags, device));
    return 0;
  }
  throw InputError(unknown_name("benchmark", flags.what, names));
}

}  // namespace

Command bench_command(CommandLine& line) {
  line.example("aigis bench attack --model models/cifar10-resnet-20.safetensors --data cifar10:DIR --batch 128");
  auto flags = std::make_shared<BenchFlags>();
  line.text(
      "what", flags->what,
      "attack: one step against a bare forward and backward pass; inference, training: images a second; skipping: "
      "what closed gates save in time and in arithmetic",
      true);
  line.text("--model", flags->model,
            "checkpoint, or an architecture with fresh weights; none: resnet-20, or aig-110 to skip in");
  line.text("--attack", flags->attack, "attack with options");
  line.text("--against", flags->against,
            "attack: another one that takes as many gradients, instead of the bare passes");
  line.text("--norm", flags->norm,
            fmt::format("attack: linf (within {}), l2 ({}), l1 ({}) or l0 ({})", usual_budget(Norm::linf),
                        usual_budget(Norm::l2), usual_budget(Norm::l1), usual_budget(Norm::l0)));
  line.text("--data", flags->data, "images to use");
  line.number("--batch", flags->batch, "images a step");
  line.text("--execution", flags->execution, "skipping: skip or bucket, against mask");
  line.text("--batches", flags->batches, "skipping: batch sizes");
  line.text("--rates", flags->rates, "skipping: execution rates of random gates");
  line.number("--count", flags->count, "interleaved pairs, passes or training steps");
  line.flag("--cuda-graph", flags->cuda_graph, "training: record the steps as a CUDA graph");
  line.text("--device", flags->device, "cpu or cuda");
  return [flags] { return bench(*flags); };
}

}  // namespace aigis
