#include "models/resnet.h"

#include <ATen/ops/relu.h>


namespace aigis {

void ResNetOptions::bind(OptionTable& table) {
  table.choice<Shortcut>("shortcut", &shortcut, {{"conv", Shortcut::conv}, {"identity", Shortcut::identity}},
                         "shortcut where the shape changes: 1x1 convolution, or every second pixel");
}

ResNet::ResNet(const NetworkShape& shape, const Options& options)
    : WeightedNetwork(shape), trunk_(weights_, shape.depth, shape.classes, shape.input, options.shortcut) {
  card_.options = option_values(options);
  card_.parameters = weights_.count();
  card_.macs_always = trunk_.macs_always();
  for (const auto& block : trunk_.blocks()) card_.macs_always += block.macs;
  card_.gate_mode = "none";
}

Output ResNet::forward(const at::Tensor& images, const Pass&) {
  at::Tensor x = trunk_.stem(images, training_);
  for (const auto& block : trunk_.blocks()) x = at::relu(block.shortcut(x, training_) + block.residual(x, training_));
  return {trunk_.head(x), {}};
}

}  // namespace aigis
