#include <ATen/ops/full.h>
#include <fmt/format.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <map>
#include <sstream>

#include "lib/core/error.h"
#include "models/parts/script_facts.h"
#include "models/torchscript.h"

namespace aigis {
namespace {

using Script = torch::jit::Module;

/// The modules that state-dict names speak of: "layer1.0.conv1.weight" lies in "layer1", "0", "conv1".
class ModuleTree {
 public:
  ModuleTree() : units_(std::make_shared<torch::jit::CompilationUnit>()) { modules_.emplace("", make("Network")); }

  void add(const std::string& name, const at::Tensor& tensor, bool is_trained) {
    const auto dot = name.rfind('.');
    Script& owner = module(dot == std::string::npos ? "" : name.substr(0, dot));
    const std::string last = name.substr(dot == std::string::npos ? 0 : dot + 1);
    is_trained ? owner.register_parameter(last, tensor, false) : owner.register_buffer(last, tensor);
  }
  Script& root() { return modules_.at(""); }

 private:
  Script make(const std::string& type) const {
    Script script("__torch__.aigis." + type, units_, true);
    script.register_attribute("training", c10::BoolType::get(), false);
    return script;
  }

  Script& module(const std::string& path) {
    const auto found = modules_.find(path);
    if (found != modules_.end()) return found->second;
    const auto dot = path.rfind('.');
    Script& parent = module(dot == std::string::npos ? "" : path.substr(0, dot));
    Script child = make("Part");
    parent.register_module(path.substr(dot == std::string::npos ? 0 : dot + 1), child);
    return modules_.emplace(path, child).first->second;
  }

  std::shared_ptr<torch::jit::CompilationUnit> units_;
  std::map<std::string, Script> modules_;
};

/// Records what the network does to two images as the module's method "forward".
void trace_forward(Network& network, Script& module) {
  const auto& input = network.card().input;
  const at::Tensor images = at::full({2, input[0], input[1], input[2]}, 0.5);
  const auto run = [&](torch::jit::Stack inputs) -> torch::jit::Stack {
    return {network.forward(inputs.at(0).toTensor(), {}).logits};
  };
  const auto nameless = [](const at::Tensor&) { return std::string(); };
  const auto state = torch::jit::tracer::trace({images}, run, nameless, true, false, &module, {"images"}).first;
  const auto& units = module._ivalue()->compilation_unit();
  torch::jit::Function* forward =
      units->create_function(c10::QualifiedName(*module.type()->name(), "forward"), state->graph);
  module.type()->addMethod(forward);
}

}  // namespace

std::string to_torchscript(LoadedNetwork& loaded) {
  Network& network = *loaded.network;
  const ModelCard& card = network.card();
  if (card.has_random_gates) {
    throw InputError(
        fmt::format("{}: gates={} draw anew for every image, which no TorchScript file can repeat; "
                    "expected gates=argmax, always, scaled, fixed or budget",
                    loaded.path, card.gate_mode));
  }
  ModuleTree tree;
  for (const auto& [name, tensor] : network.named_weights()) tree.add(name, tensor, true);
  for (const auto& [name, tensor] : network.named_statistics()) tree.add(name, tensor, false);
  trace_forward(network, tree.root());
  const ScriptFacts facts{Spec::of(card.architecture, card.options).text(), card.input, loaded.classes};
  std::ostringstream stream;
  tree.root().save(stream, {{kScriptFacts, facts.text()}});
  return stream.str();
}

}  // namespace aigis
