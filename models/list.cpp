#include "models/list.h"

#include <fmt/format.h>


#include "lib/core/error.h"
#include "lib/core/text.h"
#include "models/aig.h"
#include "models/resnet.h"

namespace aigis {
namespace {

template <class T>
ModelFamily family(std::string name, std::string summary, std::string source, std::string depths,
                   std::vector<std::string> run_options) {
  return {std::move(name), std::move(summary), std::move(source), std::move(depths), std::move(run_options),
          [] {
            typename T::Options options;
            OptionTable table;
            options.bind(table);
            return table.documentation();
          },
          [](const NetworkShape& shape, const Spec& spec) -> std::unique_ptr<Network> {
            return std::make_unique<T>(shape, read_options<typename T::Options>(spec, "model '" + spec.name + "'"));
          }};
}

}  // namespace

const std::vector<ModelFamily>& model_list() {
  static const std::vector<ModelFamily> list{
      family<ResNet>("resnet", "residual network for 32x32 images", "He et al. 2016, section 4.2",
                     "6n+2: 20, 32, 44, 56, 110", {}),
      family<Aig>("aig", "ConvNet-AIG: the same network with a gate before each residual layer",
                  "Veit & Belongie 2018", "6n+2: 20, 32, 44, 56, 110", {"gates", "draws"}),
  };
  return list;
}

std::pair<const ModelFamily*, int64_t> find_architecture(const std::string& name) {
  const auto dash = name.rfind('-');
  const std::string family_name = name.substr(0, dash);
  std::vector<std::string> known;
  for (const auto& candidate : model_list()) {
    if (candidate.name == family_name && dash != std::string::npos) {
      return {&candidate, parse_integer(name.substr(dash + 1), fmt::format("model '{}': depth", name))};
    }
    known.push_back(candidate.name + "-20");
  }
  throw InputError(unknown_name("model", name, known) + " (or the path of a .safetensors checkpoint)");
}

std::unique_ptr<Network> make_network(const Spec& spec, NetworkShape shape) {
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
