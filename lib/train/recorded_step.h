// Steps of training recorded once and replayed, as CUDA graphs: forwards, backwards and update in one call.
#pragma once

#include <functional>
#include <memory>

#include "lib/ops/recording.h"
#include "lib/train/step.h"

namespace aigis {

class RecordedStep {
 public:
  using Learn = std::function<StepResult(const StepInputs&)>;
  /// `learn` must be what lib/ops/recording.h asks of a function, for inputs of the same shapes each time.
  RecordedStep(at::Device device, Learn learn);
  /// The first steps are run as they are, and are the warm-ups of the recording.
  StepResult operator()(StepInputs inputs);

 private:
  at::Device device_;
  Learn learn_;
  StepInputs places_;  ///< where the recording reads
  StepResult result_;  ///< where it leaves what came out
  int done_ = 0;
  RecordingPool pool_;
  std::unique_ptr<Recording> recording_;
};

}  // namespace aigis
