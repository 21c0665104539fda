#include "models/aig.h"

#include "lib/core/run_options.h"

namespace aigis {

void AigOptions::bind(OptionTable& table) {
  trunk.bind(table);
  gating.bind(table);
  table.choice<Execution>(
      kExecutionOption, &execution,
      {{"mask", Execution::mask}, {"skip", Execution::skip}, {"bucket", Execution::bucket}},
      "closed layers are computed and multiplied by 0; or left out; or left out without waiting for "
      "a GPU, by the execution rates of the checkpoint");
}

Aig::Aig(const NetworkShape& shape, const Options& options)
    : GatedNetwork(shape), execution_(options.execution), trunk_(weights_, shape, options.trunk) {
  card_.options = option_values(options);
  std::vector<GateableLayer> layers;
  for (const auto& block : trunk_.blocks()) layers.push_back({block->shape.name, block->shape.in, block->macs});
  add_gates(layers, options.gating, trunk_.macs_always());
}

Output Aig::run(const at::Tensor& images, const Pass& pass) {
  const auto run_with = [&](Running running) {
    Gating::Decisions gates = gating_->begin(images, pass, training_);
    const auto decide = [&](size_t block, const at::Tensor& x) { return gates.decide(block, x, training_); };
    const at::Tensor logits = trunk_.forward(images, running, decide);
    return std::pair(Output{logits, gates.gates()}, running.has_overflowed());
  };
  const auto [output, overflowed] = run_with({execution_, training_});
  return overflowed ? run_with({Execution::skip, training_}).first : output;
}

}  // namespace aigis
