// A defense transforms an image before the model sees it.
#pragma once

#include <memory>
#include <string>

#include "lib/core/catalogue.h"
#include "lib/core/model.h"
#include "lib/core/tensor.h"

namespace aigis {

class Defense : public Preprocessor {
 public:
  virtual std::string name() const = 0;
  /// Every option with its value.
  virtual Json options() const = 0;
  /// How a white-box attack differentiates through it: "exact", or "identity" (BPDA).
  virtual std::string gradient_mode() const = 0;
};

/// A model behind a defense is again a model: grey box or white box is which of the two an attack is given.
class DefendedModel : public Model {
 public:
  DefendedModel(std::shared_ptr<Model> model, std::shared_ptr<const Defense> defense)
      : model_(std::move(model)), defense_(std::move(defense)) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Pass behind = pass;
    behind.before = defense_;
    return model_->forward(defense_->apply(images, pass), behind);
  }
  const ModelCard& card() const override { return model_->card(); }
  bool is_training() const override { return model_->is_training(); }

 private:
  std::shared_ptr<Model> model_;
  std::shared_ptr<const Defense> defense_;
};

/// The model behind a defense; the model itself without one.
inline std::shared_ptr<Model> defended(const std::shared_ptr<Model>& model,
                                       const std::shared_ptr<const Defense>& defense) {
  return defense ? std::make_shared<DefendedModel>(model, defense) : model;
}

}  // namespace aigis
