#include "models/stochastic_depth.h"

#include <cmath>

#include "lib/core/upload.h"
#include "lib/ops/gumbel.h"

namespace aigis {

void StochasticDepthOptions::bind(OptionTable& table) {
  trunk.bind(table);
  table.number("survival", &survival, 0, 1, "probability",
               "that the last layer survives; earlier ones linearly more (equation 4)");
  table.choice<DropUnit>("drop", &drop, {{"batch", DropUnit::batch}, {"image", DropUnit::image}},
                         "a layer is dropped for a whole mini-batch (paper) or for each image by itself");
}

StochasticDepth::StochasticDepth(const NetworkShape& shape, const Options& options)
    : WeightedNetwork(shape), options_(options), trunk_(weights_, shape, options.trunk) {
  describe(option_values(options), trunk_.macs_always() + trunk_.branch_macs());
}

Output StochasticDepth::run(const at::Tensor& images, const Pass& pass) {
  const auto layers = static_cast<int64_t>(trunk_.blocks().size());
  const at::Tensor noise = training_ ? gate_noise(pass.noise, pass.image_ids, layers) : at::Tensor();
  const auto decide = [&](size_t block, const at::Tensor& x) -> Factor {
    const double survival = 1 - static_cast<double>(block + 1) / static_cast<double>(layers) * (1 - options_.survival);
    if (!training_) return {.scale = survival};
    // Logistic noise exceeds -logit(p) with probability p.
    const at::Tensor survives = noise.select(1, static_cast<int64_t>(block)).gt(-std::log(survival / (1 - survival)));
    if (options_.drop == DropUnit::batch) {
      return {.scale = survives[0].item<bool>() ? 1.0 : 0.0};  // the first image draws for all
    }
    return {.per_image = uploaded(survives, x.device(), x.scalar_type())};
  };
  Running running{.training = training_};
  return {trunk_.forward(images, running, decide), {}};
}

}  // namespace aigis
