#include "lib/eval/worst_case.h"

#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

namespace aigis {

Proposal worst_case(const std::vector<Run>& runs, const Run& worst, size_t e, const BatchParts& done,
                    const Batch& batch) {
  const std::vector<std::string> labels = worst_case_labels(runs, worst);
  Proposal proposal;
  at::Tensor hits, quantized_hits;
  for (size_t i = 0; i < worst.worst_of.size(); ++i) {
    const RunPart& part = done.part(worst.worst_of[i]);
    const CellTally& cell = part.tally.cells[e];
    const at::Tensor its_images = part.images[e].to(batch.images.device());
    const at::Tensor its_hits = at::tensor(at::IntArrayRef(cell.hits));
    const at::Tensor its_quantized = at::tensor(at::IntArrayRef(cell.quantized_hits));
    if (hits.defined()) {
      const at::Tensor in_bytes = its_hits.eq(hits).logical_and(its_quantized.lt(quantized_hits));
      const at::Tensor better = its_hits.lt(hits).logical_or(in_bytes);
      const at::Tensor there = per_image(better.to(its_images.device()), its_images);
      proposal.images = at::where(there, its_images, proposal.images);
      hits = at::where(better, its_hits, hits);
      quantized_hits = at::where(better, its_quantized, quantized_hits);
    } else {
      proposal.images = its_images;
      hits = its_hits;
      quantized_hits = its_quantized;
    }
    const at::Tensor right = at::tensor(at::IntArrayRef(part.tally.clean_hits)).gt(0);  // others are no attack's
    const at::Tensor broken = right.logical_and(its_hits.eq(0));
    proposal.fallen.add(labels[i], batch.ids.masked_select(right), batch.ids.masked_select(broken));
    AttackAudit audit = cell.audit;
    audit.broken_after.clear();
    proposal.audit.merge(audit);
    proposal.seconds += cell.seconds;
  }
  return proposal;
}

}  // namespace aigis
