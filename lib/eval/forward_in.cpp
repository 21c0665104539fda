#include "lib/eval/forward_in.h"

#include "lib/ops/autocast.h"

namespace aigis {

Output forward_in(at::ScalarType type, Model& model, const at::Tensor& images, const Pass& pass) {
  const AutocastScope autocast(images.device().type(), type);
  Output output = model.forward(images, pass);
  output.logits = output.logits.to(images.scalar_type());
  if (output.gates.any()) {
    output.gates.open = output.gates.open.to(images.scalar_type());
    output.gates.logits = output.gates.logits.to(images.scalar_type());
    output.gates.probability = output.gates.probability.to(images.scalar_type());
  }
  return output;
}

}  // namespace aigis
