// A model that remembers how large the label's loss was at two steps of an attack.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "lib/core/model.h"
#include "lib/data/dataset.h"

namespace aigis::checks {

/// Two steps of a run from one start, and which run.
struct TwoSteps {
  uint32_t restart, before, after;
};

class LossTrace : public Model {
 public:
  /// Of the images of `data`.
  LossTrace(std::shared_ptr<Model> model, const Dataset& data, const TwoSteps& steps);

  Output forward(const at::Tensor& images, const Pass& pass) override;
  const ModelCard& card() const override { return model_->card(); }
  bool is_training() const override { return model_->is_training(); }

  /// An image's mean cross-entropies before and after, of queries for a gradient whose draws were asked at both steps:
  /// at its last one VMI asks of no neighbours. None where the attack did not take both.
  std::optional<std::pair<double, double>> means(int64_t id) const;

 private:
  struct Losses {
    std::map<uint32_t, double> before, after;  ///< [draw]
  };

  std::shared_ptr<Model> model_;
  TwoSteps steps_;
  std::mutex guard_;  ///< of losses_
  std::map<int64_t, int64_t> labels_;
  std::map<int64_t, Losses> losses_;
};

}  // namespace aigis::checks
