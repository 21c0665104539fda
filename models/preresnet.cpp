#include "models/preresnet.h"

namespace aigis {

PreResNet::PreResNet(const NetworkShape& shape, const Options& options)
    : WeightedNetwork(shape), trunk_(weights_, shape, ResidualTrunk::PreActivation{}) {
  describe(option_values(options), trunk_.macs_always() + trunk_.branch_macs());
}

Output PreResNet::run(const at::Tensor& images, const Pass&) { return {trunk_.forward(images, training_), {}}; }

}  // namespace aigis
