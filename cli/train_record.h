// What a run of `aigis train` tells of itself: train.json, and the record inside the checkpoint.
#pragma once

#include <cstdint>
#include <string>

#include "lib/core/json.h"
#include "lib/core/model.h"
#include "lib/core/spec.h"
#include "lib/data/dataset.h"
#include "lib/train/options.h"

namespace aigis {

struct TrainRecord {
  Json config;   ///< the settings, of which a resumed run must have those that decide the weights
  Json data;     ///< name, size and hashes of the images
  Json results;  ///< "held_out" and "execution_rate" of each mode of the gates, once they were measured

  /// train.json: a document of reports/schema/train.schema.json.
  Json document(const ModelCard& card, const Json& curve, at::Device device, const std::string& model_sha256) const;
  /// The part that the checkpoint keeps.
  Json in_checkpoint(int64_t epochs) const;
};

/// That of a run that begins. `init_sha256`: of the checkpoint that it starts from; null for none.
TrainRecord train_record(const Spec& architecture, const Spec& data, const TrainOptions& options, const Dataset& train,
                         const Dataset& held_out, const Json& init_sha256);

}  // namespace aigis
