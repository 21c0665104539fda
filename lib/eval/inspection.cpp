#include "lib/eval/inspection.h"

#include <ATen/ops/sum.h>

#include <algorithm>
#include <numeric>

#include "lib/core/stop.h"

namespace aigis {
namespace {

constexpr int64_t kBatch = 250;

}  // namespace

Inspection inspect(Model& model, const Dataset& data, uint64_t seed, at::Device device) {
  const ModelCard& card = model.card();
  Inspection inspection;
  const size_t layers = card.gated.size();
  if (card.draws > 1) inspection.adaptivity.assign(layers, ImageShare(card.draws));
  for (int64_t begin = 0; begin < data.size(); begin += kBatch) {
    check_stop();
    const Batch batch = take(data, begin, kBatch, device);
    const Judgement judgement = judge(model, batch.images, batch, seed, Purpose::verdict_gates);
    inspection.pass.add(judgement, batch.labels, card);
    if (layers == 0) continue;
    const at::Tensor counted = judgement.open.sum(0).contiguous();  // [N, L] draws in which a layer ran
    const int64_t* open = counted.const_data_ptr<int64_t>();
    for (int64_t i = 0; i < counted.size(0); ++i) {
      int64_t ran = 0;
      for (size_t l = 0; l < layers; ++l, ++open) {
        ran += *open;
        if (card.draws > 1) inspection.adaptivity[l].add(*open);
      }
      inspection.executed.push_back(static_cast<double>(ran) / static_cast<double>(card.draws));
    }
  }
  return inspection;
}

Extremes extremes(const Inspection& inspection, const Dataset& data, int64_t klass, int64_t count) {
  std::vector<int64_t> positions;
  const int64_t* label = data.labels.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < data.size(); ++i) {
    if (label[i] == klass) positions.push_back(i);
  }
  const auto executed = [&](int64_t i) { return inspection.executed[static_cast<size_t>(i)]; };
  std::stable_sort(positions.begin(), positions.end(), [&](auto a, auto b) { return executed(a) < executed(b); });
  const auto half = std::min(count, static_cast<int64_t>(positions.size()) / 2);
  Extremes found{{positions.begin(), positions.begin() + half}, {positions.end() - half, positions.end()}};
  std::stable_sort(found.most.begin(), found.most.end(), [&](auto a, auto b) { return executed(a) > executed(b); });
  return found;
}

}  // namespace aigis
