#include "attacks/parts/class_graph.h"

#include <ATen/ops/full_like.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include "lib/core/error.h"
#include "lib/metrics/class_weights.h"

namespace aigis {

std::shared_ptr<const GateTerm> towards_class(const std::string& attack, Victim& victim, const Batch& images,
                                              int64_t klass, double confidence) {
  constexpr int64_t kTogether = 100;
  const ModelCard& card = victim.card();
  const auto layers = static_cast<int64_t>(card.gated.size());
  const at::TensorOptions numbers = at::TensorOptions(at::kDouble);
  at::Tensor sums = at::zeros({card.classes, layers}, numbers), counts = at::zeros({card.classes, 1}, numbers);
  for (int64_t begin = 0; begin < images.labels.size(0); begin += kTogether) {
    const Batch part = images.part(begin, kTogether);
    const Gates gates = victim.forward(part.images, part.ids, {}).gates;
    const at::Tensor states = card.has_random_gates ? gates.probability : gates.open;
    const at::Tensor labels = part.labels.cpu();
    sums.index_add_(0, labels, states.to(at::kCPU, at::kDouble));
    counts.index_add_(0, labels, at::ones_like(labels, numbers).unsqueeze(1));
  }
  if (counts[klass].item<double>() == 0) {
    throw InputError(
        fmt::format("attack '{}': option 'images': of {} none is of class {}; expected more training images", attack,
                    images.labels.size(0), klass));
  }
  const at::Tensor means = sums / counts.clamp_min(1);
  std::vector<std::vector<double>> rates;
  for (int64_t k = 0; k < card.classes; ++k) {
    if (counts[k].item<double>() == 0) continue;
    const double* of_class = means.const_data_ptr<double>() + k * layers;
    rates.emplace_back(of_class, of_class + layers);
  }
  at::Tensor weight = at::tensor(class_weights(rates), numbers);
  if (weight.sum().item<double>() == 0) weight = at::full_like(weight, 1.0 / static_cast<double>(layers));
  return std::make_shared<GateLikeness>(means[klass], weight, confidence);
}

void check_class(int64_t klass, const ModelCard& card) {
  if (klass < card.classes) return;
  throw InputError(fmt::format("option 'class': {}; expected 0 to {}", klass, card.classes - 1));
}

}  // namespace aigis
