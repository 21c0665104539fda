#include "cli/train_state.h"

#include <fmt/format.h>

#include <stdexcept>

#include "lib/core/error.h"
#include "lib/ops/safetensors.h"
#include "models/checkpoint.h"

namespace aigis {
namespace {

/// Throws InputError unless the settings are those of the saved state. Whether steps were recorded may differ, for a
/// run may go on where nothing can be.
void compare(const Json& before, const Json& now, const std::string& path) {
  const Json defaults = option_values(TrainOptions{});  // what an earlier version did not know, it did not do
  for (const auto& [key, value] : now.items()) {
    if (key == "cuda_graph") continue;
    const Json& then = before.contains(key) ? before.at(key) : defaults.at(key);
    if (then != value) {
      throw InputError(fmt::format("{}: was trained with {} = {}, now {}; a resumed run needs the same settings", path,
                                   key, then.dump(), value.dump()));
    }
  }
}

}  // namespace

void write_train_state(const std::string& path, const Json& config, Network& network, const Trainer& trainer) {
  Safetensors state;
  state.metadata = {{"config", config.dump()}, {"curve", trainer.state().curve.dump()}};
  for (const auto& list : {network.named_weights(), network.named_statistics()}) {
    for (const auto& [name, tensor] : list) state.tensors["model." + name] = tensor;
  }
  for (const auto& [name, tensor] : trainer.optimiser().velocities()) state.tensors["velocity." + name] = tensor;
  for (const auto& [name, tensor] : trainer.averages()) state.tensors["average." + name] = tensor;
  write_safetensors(path, state);
}

void read_train_state(const std::string& path, Json& config, Network& network, Trainer& trainer) {
  const Safetensors saved = read_safetensors(path);
  Safetensors weights;
  TrainState state;
  std::vector<at::Tensor> velocities, averages;
  try {
    const Json before = parse_json(saved.metadata.at("config"), path + ": its metadata 'config'");
    // The start is behind it: its file may be gone by now.
    if (config["init_sha256"].is_null()) config["init_sha256"] = before.at("init_sha256");
    compare(before, config, path);
    state.curve = parse_json(saved.metadata.at("curve"), path + ": its metadata 'curve'");
    state.epochs_done = static_cast<int64_t>(state.curve.size());
    for (const auto& [name, tensor] : saved.tensors) {
      if (name.starts_with("model.")) weights.tensors[name.substr(6)] = tensor;
    }
    for (const auto& [name, tensor] : trainer.optimiser().velocities()) {
      velocities.push_back(saved.tensors.at("velocity." + name));
    }
    const bool averaged = config.at("average").get<double>() > 0;
    for (const auto& list : {network.named_weights(), network.named_statistics()}) {
      for (const auto& [name, tensor] : list) {
        if (averaged) averages.push_back(saved.tensors.at("average." + name));
      }
    }
  } catch (const Json::exception&) {
    throw InputError(path + ": its metadata cannot be read; expected a state written by 'aigis train'");
  } catch (const std::out_of_range&) {
    throw InputError(path + ": is incomplete; expected a state written by 'aigis train'");
  }
  unpack_weights(weights, network, path);
  trainer.restore(std::move(state), velocities, averages);
}

}  // namespace aigis
