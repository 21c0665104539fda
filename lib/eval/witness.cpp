#include "lib/eval/witness.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include "lib/core/upload.h"
#include "lib/eval/verdict.h"

namespace aigis {
namespace {

/// Another batch may move logits by a few millionths of the largest: what is wrong by more stays so.
constexpr double kCertain = 1e-4;
/// Float rounding of a perturbation that lies on the ball.
constexpr double kRounding = 1e-6;

}  // namespace

bool is_worth_watching(const Attack& attack, const ModelCard& card) {
  return attack.wants_any_answer() && !card.has_random_gates;
}

Witness::Witness(Model& model, const Batch& batch, const at::Tensor& wanted, Norm norm, double epsilon)
    : model_(model), batch_(batch), norm_(norm), epsilon_(epsilon), queries_(at::zeros_like(batch.labels)) {
  if (wanted.defined()) wanted_ = uploaded(wanted, batch.images.device());
}

at::Tensor Witness::rows_of(const at::Tensor& ids) {
  if (!ids.is_same(ids_)) {
    const auto [rows, known] = find_ids(batch_.ids, ids);
    ids_ = ids;
    rows_ = known.all().item<bool>() ? uploaded(rows, batch_.images.device()) : at::Tensor();
  }
  return rows_;
}

Output Witness::forward(const at::Tensor& images, const Pass& pass) {
  Output output = model_.forward(images, pass);
  const at::NoGradGuard no_grad;
  const bool as_judged = pass.gate_gradient != GateGradient::relaxed && !pass.graph.defined();
  const bool same_shape = images.dim() == 4 && images.sizes().slice(1) == batch_.images.sizes().slice(1);
  if (!as_judged || !same_shape || images.size(0) == 0 || output.logits.size(1) < 2) return output;
  const at::Tensor rows = rows_of(pass.image_ids);
  if (!rows.defined()) return output;
  const at::Tensor size = sizes_of(images - batch_.images.index_select(0, rows), norm_);
  const at::Tensor pixels = images.flatten(1), in_box = pixels.amin(1).ge(0).logical_and(pixels.amax(1).le(1));
  const at::Tensor top = std::get<0>(output.logits.topk(2, 1));
  const at::Tensor gap = (top.select(1, 0) - top.select(1, 1)) / output.logits.abs().amax(1);
  const at::Tensor answer = answers_of(output.logits);
  const at::Tensor reached =
      wanted_.defined() ? answer.eq(wanted_.index_select(0, rows)) : answer.ne(batch_.labels.index_select(0, rows));
  const at::Tensor counts = reached.logical_and(gap.gt(kCertain))
                                .logical_and(in_box)
                                .logical_and(size.gt(0))
                                .logical_and(size.le(epsilon_ * (1 + kRounding) + kRounding));
  queries_.index_add_(0, rows, counts.to(queries_.scalar_type()));
  return output;
}

at::Tensor Witness::met() const { return queries_.gt(0).cpu(); }

}  // namespace aigis
