// A network whose passes are recorded and replayed as CUDA graphs. An attack passes batches of few sizes through it
// thousands of times: each kind of pass is recorded once.
#pragma once

#include <compare>
#include <map>
#include <memory>
#include <vector>

#include "lib/core/model.h"
#include "lib/eval/recorded_pass.h"

namespace aigis {

class RecordedModel : public Model {
 public:
  /// `model` is frozen and asks nothing of the device on its way: a network of this project's that computes closed
  /// layers (execution=mask).
  explicit RecordedModel(std::shared_ptr<Model> model) : model_(std::move(model)) {}

  /// Answers as the model does. A pass is run as it is when its kind is met for the first time, recorded at the second,
  /// and replayed from then on; so is its gradient, which must be taken before the next pass with one.
  Output forward(const at::Tensor& images, const Pass& pass) override;
  const ModelCard& card() const override { return model_->card(); }
  bool is_training() const override { return model_->is_training(); }

  int64_t recordings() const { return recordings_; }
  int64_t replays() const { return replays_; }

 private:
  /// What a recording depends on; the rest of a pass is copied into it.
  struct Kind {
    std::vector<int64_t> images, graph;  ///< sizes
    at::ScalarType type, autocast;
    bool keeps_gradient;
    GateGradient gate_gradient;
    double temperature;
    auto operator<=>(const Kind&) const = default;
  };
  struct Met {
    int64_t times = 0;
    std::shared_ptr<RecordedPass> recorded;
  };
  static Kind kind_of(const at::Tensor& images, const Pass& pass);

  std::shared_ptr<Model> model_;
  std::map<Kind, Met> met_;
  std::shared_ptr<RecordingPool> with_gradient_, without_gradient_;  ///< apart: passes of one kind may go on in between
  int64_t recordings_ = 0, replays_ = 0;
};

}  // namespace aigis
