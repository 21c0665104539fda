// What a test's own model need not say: a card, and that nothing is trained. How it answers is left to the test.
#pragma once

#include "lib/core/model.h"

namespace aigis {

class ToyModel : public Model {
 public:
  const ModelCard& card() const override { return card_; }
  bool is_training() const override { return false; }

 protected:
  /// `gated` layers have argmax gates.
  ToyModel(std::string architecture, int64_t classes, std::vector<int64_t> input, std::vector<GatedLayer> gated = {}) {
    card_.architecture = std::move(architecture);
    card_.options = Json::object();
    card_.classes = classes;
    card_.input = std::move(input);
    card_.gate_mode = gated.empty() ? "none" : "argmax";
    card_.gated = std::move(gated);
  }
  explicit ToyModel(ModelCard card) : card_(std::move(card)) {}

  ModelCard card_;
};

}  // namespace aigis
