#include "models/dense_aig.h"

#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "lib/core/error.h"

namespace aigis {
namespace {

constexpr int64_t kStages = 3;

}  // namespace

void DenseAigOptions::bind(OptionTable& table) {
  table.integer("growth", &growth, 1, 256, "channels that each layer adds (DenseNet: 12)");
  gating.bind(table);
}

DenseAig::DenseAig(const NetworkShape& shape, const Options& options) : GatedNetwork(shape) {
  if (shape.depth < 7 || shape.depth > 400 || (shape.depth - 4) % kStages != 0) {
    throw InputError(fmt::format("depth {}: expected 3m+4 from 7 to 400, such as 22 or 40", shape.depth));
  }
  if (shape.input != std::vector<int64_t>{3, 32, 32}) {
    throw InputError(fmt::format("images are {}: expected 3x32x32 for this family", fmt::join(shape.input, "x")));
  }
  card_.options = option_values(options);
  normalization_ = Normalization(weights_);
  int64_t side = shape.input[1], channels = 2 * options.growth;
  stem_ = Conv(weights_, "conv", 3, channels, 3, 1);
  int64_t macs = stem_.macs(side);
  std::vector<GateableLayer> gateable;
  for (int64_t stage = 1; stage <= kStages; ++stage) {
    for (int64_t i = 0; i < (shape.depth - 4) / kStages; ++i) {
      const std::string name = fmt::format("stage{}.{}", stage, i);
      layers_.push_back({BatchNorm(weights_, name + ".norm", channels),
                         Conv(weights_, name + ".conv", channels, options.growth, 3, 1)});
      gateable.push_back({name, channels, layers_.back().conv.macs(side)});
      channels += options.growth;
    }
    if (stage == kStages) break;
    const std::string name = fmt::format("transition{}", stage);
    transitions_.push_back(
        {BatchNorm(weights_, name + ".norm", channels), Conv(weights_, name + ".conv", channels, channels, 1, 1)});
    macs += transitions_.back().conv.macs(side);
    side /= 2;
  }
  last_norm_ = BatchNorm(weights_, "norm", channels);
  head_ = Linear(weights_, "fc", channels, shape.classes);
  add_gates(gateable, options.gating, macs + head_.macs());
}

at::Tensor DenseAig::apply(const Layer& layer, const at::Tensor& x) const {
  return layer.conv(layer.norm(x, training_).relu_());
}

Output DenseAig::run(const at::Tensor& images, const Pass& pass) {
  Gating::Decisions gates = gating_->begin(images, pass, training_);
  at::Tensor x = stem_(normalization_(images));
  const size_t per_stage = layers_.size() / kStages;
  for (size_t l = 0; l < layers_.size(); ++l) {
    const Factor factor = gates.decide(l, x, training_);
    at::Tensor added = apply(layers_[l], x) * factor.scale;
    if (factor.per_image.defined()) added = added * factor.per_image.to(x.scalar_type()).view({-1, 1, 1, 1});
    x = at::cat({x, added}, 1);
    const size_t done = l + 1;
    if (done % per_stage == 0 && done < layers_.size()) {
      x = at::avg_pool2d(apply(transitions_[done / per_stage - 1], x), 2);
    }
  }
  Output output;
  output.logits = head_(global_average_pool(last_norm_(x, training_).relu_()));
  output.gates = gates.gates();
  return output;
}

}  // namespace aigis
