// Where gates draw, an image is wrong if it is in each of several draws: a search that takes one draw's word for it
// ends at a lucky one, which most others get right.
#pragma once

#include <functional>

#include "lib/data/dataset.h"
#include "lib/eval/victim.h"

namespace aigis {

/// Asks a model again about the images that it gets wrong, in one draw of its noise after the other, until it gets them
/// right or all draws are over. Without random gates it asks once.
class EveryDraw {
 public:
  /// `lead`: by how much another logit must exceed the label's for an answer to be wrong.
  EveryDraw(Victim& victim, int64_t draws, double lead = 0);

  /// Passes over an image at most, each a draw further on than the one before.
  uint32_t draws() const { return draws_; }

  /// The loss of some rows, of all where they are undefined.
  using LossOfRows = std::function<Loss(const at::Tensor& rows)>;

  // What these tell of each image is of the first draw that gets it right, which is where it has to move; and of the
  // first of all where none does. So `lost` by these logits is lost in all draws.
  at::Tensor logits(const Batch& asked, const Position& position) const;
  Victim::Gradient gradient(const Batch& asked, const LossOfRows& loss, const Position& position,
                            const GatePath& path) const;
  Victim::Gradients gradients(const Batch& asked, const at::Tensor& classes, const Position& position,
                              const GatePath& path) const;

  /// [n] bool.
  at::Tensor lost(const at::Tensor& logits, const at::Tensor& labels) const;
  at::Tensor wrong(const Batch& asked, const Position& position) const {
    return lost(logits(asked, position), asked.labels);
  }

 private:
  /// Is told the rows that a draw gets right, their logits, and its position.
  using Settle = std::function<void(const at::Tensor& rows, const at::Tensor& logits, const Position& position)>;
  /// In the second draw and later ones, after a first with these logits.
  void ask_again(const Batch& asked, const at::Tensor& logits, Position position, const Settle& settle) const;

  Victim& victim_;
  uint32_t draws_;
  double lead_;
};

}  // namespace aigis
