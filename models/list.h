// The families of models, by name: `resnet-20` is the family `resnet` at depth 20.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/core/spec.h"
#include "models/parts/weighted_network.h"

namespace aigis {

struct ModelFamily {
  std::string name, summary, source;
  std::string depths;                    ///< which depths exist, in words
  bool has_imagenet_depths;              ///< those of plan_trunk() among them
  std::vector<int64_t> members;          ///< depths that `aigis list models` shows the size of
  std::vector<std::string> run_options;  ///< options that may differ from those the weights were trained with
  std::function<Json()> options;
  std::function<std::unique_ptr<Network>(const NetworkShape&, const Spec&)> make;
};

const std::vector<ModelFamily>& model_list();

/// The images and classes that a depth was made for: 10 classes of 32x32 pixels, or ImageNet's 1000 of 224x224.
NetworkShape standard_shape(const ModelFamily& family, int64_t depth);

/// The family and depth of an architecture's name. Throws InputError with a suggestion.
std::pair<const ModelFamily*, int64_t> find_architecture(const std::string& name);

/// Builds `aig-20:target_rate=0.6` with fresh weights. Name and depth of the shape are taken from it.
std::unique_ptr<Network> make_network(const Spec& spec, NetworkShape shape);

}  // namespace aigis
