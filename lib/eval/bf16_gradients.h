// A model whose gradients are taken in bfloat16, for processors that have instructions for it: several times faster,
// for an attack that follows their signs. Verdicts stay in float32.
#pragma once

#include <memory>
#include <utility>

#include "lib/core/model.h"

namespace aigis {

class Bf16Gradients : public Model {
 public:
  explicit Bf16Gradients(std::shared_ptr<Model> model) : model_(std::move(model)), card_(model_->card()) {
    card_.options["gradients"] = "bf16";
    card_.rounds_gradients = true;
  }
  /// Passes that a gradient is taken of, and rough ones, run in bfloat16, by autocast. Where their two largest logits
  /// lie so near that rounding may have changed their order, they say what float32 says, so that an attack hardly
  /// leaves an image which still stands. All others run in float32.
  Output forward(const at::Tensor& images, const Pass& pass) override;
  const ModelCard& card() const override { return card_; }
  bool is_training() const override { return model_->is_training(); }

  /// The model in float32 throughout.
  Model& exact() const { return *model_; }

 private:
  std::shared_ptr<Model> model_;
  ModelCard card_;
};

}  // namespace aigis
