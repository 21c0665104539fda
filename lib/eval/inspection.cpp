#include "lib/eval/inspection.h"

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
    const Judgement judgement = judge_clean(model, batch, seed, Purpose::verdict_gates);
    inspection.pass.add(judgement, batch.labels, card);
  }
  const std::vector<int64_t>& opened = inspection.pass.opened;
  for (auto row = opened.begin(); row != opened.end(); row += static_cast<std::ptrdiff_t>(layers)) {
    const int64_t ran = std::accumulate(row, row + static_cast<std::ptrdiff_t>(layers), int64_t{0});
    inspection.executed.push_back(static_cast<double>(ran) / static_cast<double>(card.draws));
    for (size_t l = 0; l < inspection.adaptivity.size(); ++l) {
      inspection.adaptivity[l].add(row[static_cast<std::ptrdiff_t>(l)]);
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
