#include "models/resnet.h"

namespace aigis {

ResNet::ResNet(const NetworkShape& shape, const Options& options)
    : WeightedNetwork(shape), trunk_(weights_, shape, options.trunk) {
  describe(option_values(options), trunk_.macs_always() + trunk_.branch_macs());
}

Output ResNet::run(const at::Tensor& images, const Pass&) { return {trunk_.forward(images, training_), {}}; }

}  // namespace aigis
