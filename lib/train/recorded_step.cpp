#include "lib/train/recorded_step.h"

namespace aigis {

RecordedStep::RecordedStep(at::Device device, Learn learn) : device_(device), learn_(std::move(learn)), pool_(device) {}

StepResult RecordedStep::operator()(StepInputs inputs) {
  const std::vector<at::Tensor*> places = places_.tensors(), tensors = inputs.tensors();
  for (size_t i = 0; i < places.size(); ++i) {
    if (!tensors[i]->defined()) continue;
    if (places[i]->defined()) places[i]->copy_(*tensors[i]);
    else *places[i] = tensors[i]->clone();
  }
  const auto run = [this] { result_ = learn_(places_); };
  if (done_ < kWarmUps) {
    warm_up(device_, run);
    ++done_;
  } else {
    if (!recording_) recording_ = std::make_unique<Recording>(device_, std::vector<Recording::Function>{run}, pool_);
    recording_->replay(0);
  }
  return {result_.loss.clone(), result_.penalty.clone(), result_.correct.clone()};
}

}  // namespace aigis
