// From inspected models to inspect.json: what gates learnt, in numbers that the plots read.
#pragma once

#include <string>
#include <vector>

#include "lib/eval/inspection.h"

namespace aigis {

/// One way of deciding gates, and what it gave.
struct InspectedMode {
  ModelCard card;
  Inspection inspection;
};

struct InspectedModel {
  std::string id;                    ///< unique in the file
  std::string file;                  ///< of its checkpoint
  std::string sha256;                ///< of that file
  Json record;                       ///< the checkpoint's training record; null if it has none
  std::vector<InspectedMode> modes;  ///< the first is told in detail
};

struct InspectionContext {
  Json tool, environment;
  std::string data_spec;
  uint64_t seed = 0;
};

/// inspect.json as reports/schema/inspect.schema.json describes it, without a model yet.
Json begin_inspection(const Dataset& data, const InspectionContext& context);

/// An entry of its models[]. `thumbnails` is how many images of each class are shown at either end: those that use the
/// fewest layers, and the most.
Json model_inspection(const InspectedModel& model, const Dataset& data, int64_t thumbnails);

/// What `inspect` prints of one entry of models[].
std::string inspection_text(const Json& model, const Json& data);

}  // namespace aigis
