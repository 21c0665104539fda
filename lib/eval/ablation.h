// Models that stand between an evaluation and the model in doubt: each takes one thing away, to see whether robustness
// came from it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "lib/core/model.h"
#include "lib/data/dataset.h"

namespace aigis {

class Ablated : public Model {
 public:
  explicit Ablated(std::shared_ptr<Model> model) : model_(std::move(model)), card_(model_->card()) {
    card_.has_random_gates = false;
    card_.draws = 1;
  }
  const ModelCard& card() const override { return card_; }
  bool is_training() const override { return model_->is_training(); }

 protected:
  std::shared_ptr<Model> model_;
  ModelCard card_;
};

/// No fresh noise: an image sees the same in all passes, those of attacks and of verdicts.
class FixedNoise : public Ablated {
 public:
  FixedNoise(std::shared_ptr<Model> model, uint64_t seed) : Ablated(std::move(model)), seed_(seed) {
    card_.options["noise"] = "fixed";
  }
  Output forward(const at::Tensor& images, const Pass& pass) override;

 private:
  uint64_t seed_;
};

/// No gates: every layer runs.
class AllOpen : public Ablated {
 public:
  explicit AllOpen(std::shared_ptr<Model> model) : Ablated(std::move(model)) {
    card_.gate_mode = "always";
    card_.has_blind_gates = true;
  }
  Output forward(const at::Tensor& images, const Pass& pass) override;
};

/// No graph that an attack could move: each image runs along the graph that the model takes for its clean version,
/// behind a defense for what that makes of the clean version.
class FrozenGraph : public Ablated {
 public:
  /// Finds the graphs of all images of `data`, the clean versions, and behind a defense on the first pass through that.
  /// Images of other data run along their own.
  FrozenGraph(std::shared_ptr<Model> model, Dataset data, at::Device device);
  Output forward(const at::Tensor& images, const Pass& pass) override;

 private:
  using Before = std::shared_ptr<const Preprocessor>;

  /// [N, L] of all images of the data behind a preprocessor, on the CPU. They are found once for each.
  at::Tensor graphs_behind(const Before& before);
  at::Tensor find_graphs(const Before& before);

  Dataset data_;
  at::Device device_;
  std::mutex guard_;                     ///< of graphs_
  std::map<Before, at::Tensor> graphs_;  ///< which keeps them alive, so that no other takes an address
};

}  // namespace aigis
