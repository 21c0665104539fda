// Which answers a step is about to change. A forward and a backward pass cost about three forward passes: where many
// images fall, it is cheaper to look first and to take gradients of those that stand.
#pragma once

#include "attacks/parts/objective.h"

namespace aigis {

/// Whether answers can be foreseen of this objective: an untargeted loss on them and nothing else.
bool can_foresee(const ObjectiveOptions& options, LossKind kind);

/// [N] bool: an image whose loss has risen by `rise`, as its gradient tells, is now misclassified. `losses` and
/// `excess` are those before, the latter by how much the likeliest wrong logit is above the label's. It is what is
/// taken to grow evenly with cross-entropy, as if there were no third class.
at::Tensor foresees_wrong(LossKind kind, const at::Tensor& losses, const at::Tensor& excess, const at::Tensor& rise);

/// Whether to look first pays where `falling` of the `standing` images are foreseen to fall: it takes a pass for each,
/// and saves the three of a gradient for those that fell.
inline bool pays_to_look(int64_t falling, int64_t standing) { return 3 * falling > standing; }

}  // namespace aigis
