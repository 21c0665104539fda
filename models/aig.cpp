#include "models/aig.h"

namespace aigis {

void AigOptions::bind(OptionTable& table) {
  trunk.bind(table);
  gating.bind(table);
  table.choice<Execution>("execution", &execution, {{"mask", Execution::mask}, {"skip", Execution::skip}},
                          "closed layers are computed and multiplied by 0, or left out");
}

Aig::Aig(const NetworkShape& shape, const Options& options)
    : GatedNetwork(shape), execution_(options.execution), trunk_(weights_, shape, options.trunk) {
  card_.options = option_values(options);
  std::vector<GateableLayer> layers;
  for (const auto& block : trunk_.blocks()) layers.push_back({block->shape.name, block->shape.in, block->macs});
  add_gates(layers, options.gating, trunk_.macs_always());
}

Output Aig::run(const at::Tensor& images, const Pass& pass) {
  Gating::Decisions gates = gating_->begin(images, pass, training_);
  Output output;
  output.logits = trunk_.forward(images, training_, execution_,
                                 [&](size_t block, const at::Tensor& x) { return gates.decide(block, x, training_); });
  output.gates = gates.gates();
  return output;
}

}  // namespace aigis
