// A network whose passes are recorded and replayed as CUDA graphs. An attack passes batches of few sizes through it
// thousands of times: each kind of pass that comes back is recorded once.
#pragma once

#include <compare>
#include <map>
#include <memory>
#include <vector>

#include "lib/core/model.h"
#include "lib/eval/recorded_pass.h"

namespace aigis {

/// To record a pass is to run it several times more.
struct RecordingLimits {
  int64_t meetings = 8;  ///< at which a kind of pass is recorded
  int64_t most = 64;     ///< recordings, at least 1: the one replayed least recently makes room for another
};

class RecordedModel : public Model {
 public:
  /// `model` is frozen and asks nothing of the device on its way: a network of this project's that computes closed
  /// layers (execution=mask).
  explicit RecordedModel(std::shared_ptr<Model> model, RecordingLimits limits = {})
      : model_(std::move(model)), limits_(limits) {}

  /// Answers as the model does: runs it, and records and replays a kind of pass that was met often enough, gradient and
  /// all. A gradient must be taken before the next pass with one.
  Output forward(const at::Tensor& images, const Pass& pass) override;
  const ModelCard& card() const override { return model_->card(); }
  bool is_training() const override { return model_->is_training(); }

  /// That there are now.
  int64_t recordings() const { return recordings_; }
  int64_t replays() const { return replays_; }

 private:
  /// What a recording depends on; the rest of a pass is copied into it. Passes that run the same kernels are alike.
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
    int64_t last_replay = 0;  ///< among all replays
    std::shared_ptr<RecordedPass> recorded;
  };
  Kind kind_of(const at::Tensor& images, const Pass& pass) const;
  void record(const Kind& kind, const at::Tensor& images, const Pass& pass);
  void forget_least_recent();

  std::shared_ptr<Model> model_;
  RecordingLimits limits_;
  std::map<Kind, Met> met_;
  /// Apart, for passes without a gradient may come between one and its gradient. CUDA's allocator gives a pool up with
  /// its last recording, and so do these.
  std::weak_ptr<RecordingPool> with_gradient_, without_gradient_;
  int64_t recordings_ = 0, replays_ = 0;
};

}  // namespace aigis
