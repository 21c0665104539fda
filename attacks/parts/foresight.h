// Which answers a step is about to change. A forward and a backward pass cost about three forward passes: where many
// images fall, it is cheaper to look first and to take gradients of those that stand.
#pragma once

#include "attacks/parts/objective.h"

namespace aigis {

/// Whether answers can be foreseen of this objective: an untargeted loss on them and nothing else.
bool can_foresee(const ObjectiveOptions& options, LossKind kind);

/// [N] bool: an image whose loss was so large and has risen by `rise`, as its gradient tells, is now misclassified. For
/// cross-entropy the margin is what is taken to fall evenly, as if there were one other class.
at::Tensor foresees_loss(LossKind kind, const at::Tensor& losses, const at::Tensor& rise);

/// Whether to look first pays where `falling` of the `standing` images are foreseen to fall: it takes a pass for each,
/// and saves the three of a gradient for those that fell.
inline bool pays_to_look(int64_t falling, int64_t standing) { return 3 * falling > standing; }

}  // namespace aigis
