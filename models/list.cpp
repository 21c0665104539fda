#include "models/list.h"

#include <fmt/format.h>

#include "lib/core/error.h"
#include "lib/core/run_options.h"
#include "lib/core/text.h"
#include "models/aig.h"
#include "models/dense_aig.h"
#include "models/preresnet.h"
#include "models/resnet.h"
#include "models/stochastic_depth.h"

namespace aigis {
namespace {

struct Depths {
  std::string in_words;
  bool has_imagenet;
};

template <class T>
ModelFamily family(std::string name, std::string summary, std::string source, const Depths& depths,
                   std::vector<int64_t> members, std::vector<std::string> run_options) {
  return {std::move(name),
          std::move(summary),
          std::move(source),
          depths.in_words,
          depths.has_imagenet,
          std::move(members),
          std::move(run_options),
          option_documentation<typename T::Options>,
          [](const NetworkShape& shape, const Spec& spec) -> std::unique_ptr<Network> {
            return std::make_unique<T>(shape, read_options<typename T::Options>(spec, "model '" + spec.name + "'"));
          }};
}

}  // namespace

const std::vector<ModelFamily>& model_list() {
  const Depths all{"6n+2 for 32x32 images: 20, 32, 44, 56, 110; 18, 34, 50, 101, 152 for ImageNet's", true};
  const Depths small{"6n+2: 20, 32, 44, 56, 110", false}, dense{"3m+4: 22, 40, 100", false};
  const std::vector<std::string> gates(kGateOptions.begin(), kGateOptions.end());
  std::vector<std::string> gates_and_execution = gates;
  gates_and_execution.emplace_back(kExecutionOption);
  static const std::vector<ModelFamily> list{
      family<ResNet>("resnet", "residual network", "He et al. 2015, arXiv:1512.03385", all,
                     {20, 110, 18, 34, 50, 101, 152}, {}),
      family<PreResNet>("preresnet", "residual network with normalization and ReLU before the convolutions",
                        "He et al. 2016, arXiv:1603.05027", small, {20, 110}, {}),
      family<StochasticDepth>("stochastic-depth", "residual network whose layers are dropped at random in training",
                              "Huang et al. 2016, arXiv:1603.09382", all, {20, 110, 50, 101}, {}),
      family<Aig>("aig", "ConvNet-AIG: a residual network with a gate before each layer",
                  "Veit & Belongie 2018, arXiv:1711.11503", all, {20, 110, 34, 50, 101}, gates_and_execution),
      family<DenseAig>("dense-aig", "the same gates on a densely connected network for 32x32 images",
                       "Veit & Belongie 2018, section 5; Huang et al. 2017, arXiv:1608.06993", dense, {22, 40}, gates),
  };
  return list;
}

NetworkShape standard_shape(const ModelFamily& family, int64_t depth) {
  const bool is_imagenet = family.has_imagenet_depths && plan_trunk(depth).is_imagenet;
  NetworkShape shape;
  shape.classes = is_imagenet ? 1000 : 10;
  shape.input = is_imagenet ? std::vector<int64_t>{3, 224, 224} : std::vector<int64_t>{3, 32, 32};
  return shape;
}

std::pair<const ModelFamily*, int64_t> find_architecture(const std::string& name) {
  const auto dash = name.rfind('-');
  const std::string family_name = name.substr(0, dash);
  std::vector<std::string> known;
  for (const auto& candidate : model_list()) {
    if (candidate.name == family_name && dash != std::string::npos) {
      return {&candidate, parse_integer(name.substr(dash + 1), fmt::format("model '{}': depth", name))};
    }
    known.push_back(fmt::format("{}-{}", candidate.name, candidate.members.front()));
  }
  throw InputError(unknown_name("model", name, known) + " (or the path of a .safetensors checkpoint)");
}

std::unique_ptr<Network> make_network(const Spec& spec, NetworkShape shape) {
  if (!spec.path.empty()) {
    throw InputError(fmt::format("model '{}': expected key=value, got '{}'", spec.name, spec.path));
  }
  const auto [family, depth] = find_architecture(spec.name);
  shape.architecture = spec.name;
  shape.depth = depth;
  try {
    return family->make(shape, spec);
  } catch (const InputError& error) {
    const std::string message = error.what();
    const std::string owner = "model '" + spec.name + "'";
    throw InputError(message.starts_with(owner) ? message : owner + ": " + message);
  }
}

}  // namespace aigis
