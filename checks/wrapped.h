// Models that stand between a check and the model in doubt.
#pragma once

#include <ATen/ops/ones.h>

#include <memory>
#include <utility>

#include "lib/core/model.h"

namespace aigis::checks {

class Wrapped : public Model {
 public:
  explicit Wrapped(std::shared_ptr<Model> model) : model_(std::move(model)), card_(model_->card()) {}
  const ModelCard& card() const override { return card_; }
  bool is_training() const override { return model_->is_training(); }

 protected:
  std::shared_ptr<Model> model_;
  ModelCard card_;
};

/// All passes see the same noise, that of the first draw of a verdict.
class FixedNoise : public Wrapped {
 public:
  FixedNoise(std::shared_ptr<Model> model, uint64_t seed)
      : Wrapped(std::move(model)), noise_{seed, Purpose::verdict_gates, 0, 0, 0} {
    card_.has_random_gates = false;
    card_.draws = 1;
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Pass same = pass;
    same.noise = noise_;
    return model_->forward(images, same);
  }

 private:
  Stream noise_;
};

/// Every layer runs.
class AllOpen : public Wrapped {
 public:
  explicit AllOpen(std::shared_ptr<Model> model) : Wrapped(std::move(model)) {
    card_.has_random_gates = false;
    card_.draws = 1;
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Pass open = pass;
    open.graph = at::ones({static_cast<int64_t>(card_.gated.size())}, images.options());
    return model_->forward(images, open);
  }
};

}  // namespace aigis::checks
