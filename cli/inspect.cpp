// `aigis inspect`: what a checkpoint is, what it costs, and with data how often each layer runs.
#include <fmt/format.h>

#include <vector>

#include "cli/commands.h"
#include "cli/evaluation.h"
#include "lib/core/stop.h"
#include "lib/data/dataset.h"
#include "lib/eval/tally.h"
#include "models/checkpoint.h"

namespace aigis {
namespace {

constexpr int64_t kBatch = 250;

void print_card(const LoadedModel& model) {
  const ModelCard& card = model.network->card();
  fmt::print("{}\n  architecture  {}\n  sha256        {}\n  parameters    {}\n", model.id, card.architecture,
             model.sha256, card.parameters);
  fmt::print("  multiply-accumulates  {:.2f} M in full, {:.2f} M always run\n",
             static_cast<double>(card.macs_full()) / 1e6, static_cast<double>(card.macs_always) / 1e6);
  fmt::print("  options       {}\n  gates         {} ({})\n", card.options.dump(), card.gated.size(), card.gate_mode);
  if (model.record.is_object()) {
    fmt::print("  trained on    {}, {} epochs\n  held-out      {}\n", model.record.value("data", "?"),
               model.record.value("epochs", 0), model.record.value("held_out", Json()).dump());
  }
}

/// Clean accuracy, and the execution rate of each layer for each class.
void print_rates(const LoadedModel& model, const Dataset& data) {
  const ModelCard& card = model.network->card();
  check_fit(model.id, card, data);
  PassTally tally;
  for (int64_t begin = 0; begin < data.size(); begin += kBatch) {
    check_stop();
    const Batch batch = take(data, begin, kBatch);
    tally.add(judge(*model.network, batch.images, batch, 0, Purpose::verdict_gates), batch.labels, card.classes,
              card.draws);
  }
  const Json accuracy = tally.accuracy.to_json();
  fmt::print("  accuracy      {} on {} images of {}\n", accuracy.dump(), data.size(), data.name);
  fmt::print("  top 5         {}\n", tally.top5.to_json().dump());
  if (card.gated.empty()) return;
  fmt::print("  {:<14}", "rate by class");
  for (const auto& layer : card.gated) fmt::print(" {:>9}", layer.name);
  fmt::print("\n");
  const size_t layers = card.gated.size();
  for (size_t k = 0; k < tally.passes.size(); ++k) {
    fmt::print("  {:<14}", data.classes[k]);
    for (size_t l = 0; l < layers; ++l) {
      fmt::print(" {:>9.3f}", tally.passes[k] > 0 ? static_cast<double>(tally.open[k * layers + l]) /
                                                        static_cast<double>(tally.passes[k])
                                                  : 0.0);
    }
    fmt::print("\n");
  }
}

}  // namespace

Command inspect_command(CommandLine& line) {
  line.example("aigis inspect models/cifar10-aig-20.safetensors --data cifar10:DIR");
  auto models = std::make_shared<std::vector<std::string>>();
  auto data = std::make_shared<std::string>();
  line.texts("checkpoint", *models, "checkpoints, with options such as :gates=argmax", true);
  line.text("--data", *data, "test data to measure accuracy and execution rates on");
  return [models, data] {
    Dataset images;
    if (!data->empty()) images = load_dataset(Spec::parse(*data), Part::test);
    for (const auto& text : *models) {
      const LoadedModel model = load_model(Spec::parse(text));
      print_card(model);
      if (!data->empty()) print_rates(model, images);
    }
    return 0;
  };
}

}  // namespace aigis
