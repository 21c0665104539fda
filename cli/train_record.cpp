#include "cli/train_record.h"

#include "cli/device.h"
#include "reports/report.h"
#include "reports/report_version.h"

namespace aigis {

TrainRecord train_record(const Spec& architecture, const Spec& data, const TrainOptions& options, const Dataset& train,
                         const Dataset& held_out, const Json& init_sha256) {
  TrainRecord record;
  record.config = {{"model", architecture.text()}, {"data", data.name},
                   {"images", train.size()},       {"init_sha256", init_sha256},
                   {"train_sha256", train.hash()}, {"held_out_sha256", held_out.hash()}};
  record.config.update(option_values(options));
  record.data = {{"name", train.name},
                 {"classes", train.classes},
                 {"train", train.size()},
                 {"held_out", held_out.size()},
                 {"spec", data.text()},
                 {"train_sha256", record.config["train_sha256"]},
                 {"held_out_sha256", record.config["held_out_sha256"]}};
  return record;
}

Json TrainRecord::document(const ModelCard& card, const Json& curve, at::Device device,
                           const std::string& model_sha256) const {
  return {{"schema", "aigis-train"},
          {"version", kTrainVersion.text()},
          {"tool", tool_json()},
          {"environment", environment_json(device)},
          {"config", config},
          {"data", data},
          {"model",
           {{"architecture", card.architecture},
            {"options", card.options},
            {"parameters", card.parameters},
            {"macs_full", card.macs_full()},
            {"gated", gated_layers_json(card)}}},
          {"curve", curve},
          {"final", results},
          {"hashes", {{"model.safetensors", model_sha256}}}};
}

Json TrainRecord::in_checkpoint(int64_t epochs) const {
  return {{"data", data["name"]},
          {"images", data["train"]},
          {"epochs", epochs},
          {"config", config},
          {"held_out", results["held_out"]},
          {"execution_rate", results.value("execution_rate", Json())}};
}

}  // namespace aigis
