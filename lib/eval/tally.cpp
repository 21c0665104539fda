#include "lib/eval/tally.h"

#include <ATen/ops/ne.h>

#include <algorithm>
#include <numeric>

#include "lib/core/error.h"

namespace aigis {
namespace {

void add_to(std::vector<int64_t>& sum, const std::vector<int64_t>& other) {
  if (sum.size() < other.size()) sum.resize(other.size());
  for (size_t i = 0; i < other.size(); ++i) sum[i] += other[i];
}

template <class T>
void append(std::vector<T>& all, const std::vector<T>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

bool is_class(int64_t label, int64_t classes) { return label >= 0 && label < classes; }

/// `counts`: [N] int64, the successes among each image's draws.
void add_images(Proportion& proportion, const at::Tensor& counts, int64_t draws) {
  for (const int64_t count : listed(counts)) proportion.add(count, draws);
}

/// Unbiased; of at least two values.
double variance(const std::vector<int64_t>& values) {
  const auto n = static_cast<double>(values.size());
  const double mean = static_cast<double>(std::accumulate(values.begin(), values.end(), int64_t{0})) / n;
  double squares = 0;
  for (const int64_t value : values) {
    squares += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
  }
  return squares / (n - 1);
}

}  // namespace

void PassTally::add(const Judgement& judgement, const at::Tensor& batch_labels, const ModelCard& card) {
  const int64_t draws = card.draws;
  const std::vector<int64_t> class_of = listed(batch_labels.cpu());
  const int64_t* hits = judgement.hits.const_data_ptr<int64_t>();
  const int64_t* hits_top5 = judgement.hits_top5.const_data_ptr<int64_t>();
  const int64_t layers = judgement.open.defined() ? judgement.open.size(2) : 0;
  near_ties += judgement.near_ties;
  without_answer += judgement.without_answer;
  like_probabilities += judgement.like_probabilities;
  for (size_t i = 0; i < class_of.size(); ++i) {
    if (!is_class(class_of[i], card.classes)) throw RunError("an image's label is not a class of the model");
    accuracy.add(hits[i], draws);
    top5.add(hits_top5[i], draws);
  }
  if (layers == 0) return;
  append(labels, class_of);
  append(opened, listed(judgement.open.sum(0)));
  histogram.resize(static_cast<size_t>(layers + 1));
  const at::Tensor gates = judgement.open.transpose(0, 1).contiguous();  // [N, draws, L]
  const bool* gate = gates.const_data_ptr<bool>();
  std::vector<int64_t> cost(static_cast<size_t>(draws));
  for (size_t i = 0; i < class_of.size(); ++i) {
    for (int64_t& macs : cost) {
      int64_t ran = 0;
      macs = card.macs_always;
      for (const GatedLayer& layer : card.gated) {
        ran += *gate;
        macs += *gate ? layer.macs : 0;
        ++gate;
      }
      ++histogram[static_cast<size_t>(ran)];
      ++costs[macs];
    }
    spent.push_back(std::accumulate(cost.begin(), cost.end(), int64_t{0}));
    if (draws > 1) cost_spread.push_back(variance(cost));
  }
}

void PassTally::merge(const PassTally& other) {
  accuracy.merge(other.accuracy);
  top5.merge(other.top5);
  near_ties += other.near_ties;
  without_answer += other.without_answer;
  like_probabilities += other.like_probabilities;
  add_to(histogram, other.histogram);
  for (const auto& [macs, count] : other.costs) costs[macs] += count;
  append(labels, other.labels);
  append(opened, other.opened);
  append(spent, other.spent);
  append(cost_spread, other.cost_spread);
}

bool PassTally::has_size(size_t classes, size_t layers) const {
  const size_t images = layers == 0 ? 0 : static_cast<size_t>(accuracy.trials());
  return histogram.size() == (layers == 0 ? 0 : layers + 1) && labels.size() == images &&
         opened.size() == images * layers && spent.size() == images &&
         std::all_of(labels.begin(), labels.end(),
                     [&](int64_t label) { return is_class(label, static_cast<int64_t>(classes)); });
}

void Extent::add(const at::Tensor& sizes) {
  sum += sizes.sum().item<double>();
  max = std::max(max, sizes.max().item<double>());
}

void Extent::merge(const Extent& other) {
  sum += other.sum;
  max = std::max(max, other.max);
}

void CellTally::add_sizes(const Admitted& admitted) {
  over_budget += admitted.over_budget;
  out_of_box += admitted.out_of_box;
  not_finite += admitted.not_finite;
  worst_overshoot = std::max(worst_overshoot, admitted.worst_overshoot);
  if (admitted.linf.numel() == 0) return;
  linf.add(admitted.linf);
  l2.add(admitted.l2);
  l1.add(admitted.l1);
  l0.add(admitted.l0);
}

void CellTally::add_kept(const at::Tensor& same, int64_t draws) { add_images(kept, same, draws); }

void CellTally::add_on_target(const at::Tensor& wins, int64_t draws) { add_images(on_target, wins, draws); }

void CellTally::merge(const CellTally& other) {
  pass.merge(other.pass);
  append(hits, other.hits);
  append(quantized_hits, other.quantized_hits);
  append(margins, other.margins);
  append(quantized_opened, other.quantized_opened);
  append(clean_on_adversarial, other.clean_on_adversarial);
  append(adversarial_on_clean, other.adversarial_on_clean);
  quantized.merge(other.quantized);
  quantized_near_ties += other.quantized_near_ties;
  on_target.merge(other.on_target);
  kept.merge(other.kept);
  flipped.merge(other.flipped);
  linf.merge(other.linf);
  l2.merge(other.l2);
  l1.merge(other.l1);
  l0.merge(other.l0);
  over_budget += other.over_budget;
  out_of_box += other.out_of_box;
  not_finite += other.not_finite;
  worst_overshoot = std::max(worst_overshoot, other.worst_overshoot);
  watched += other.watched;
  lost += other.lost;
  audit.merge(other.audit);
  seconds += other.seconds;
  latency.merge(other.latency);
}

void RunTally::merge(const RunTally& other) {
  clean.merge(other.clean);
  append(clean_hits, other.clean_hits);
  redraw_flipped.merge(other.redraw_flipped);
  cells.resize(std::max(cells.size(), other.cells.size()));
  for (size_t i = 0; i < other.cells.size(); ++i) cells[i].merge(other.cells[i]);
}

std::vector<int64_t> listed(const at::Tensor& counts) {
  const at::Tensor whole = counts.contiguous();
  return {whole.const_data_ptr<int64_t>(), whole.const_data_ptr<int64_t>() + whole.numel()};
}

Proportion count_flips(const at::Tensor& a, const at::Tensor& b) {
  Proportion flipped;
  if (a.defined() && b.defined()) add_images(flipped, a.ne(b).sum(at::IntArrayRef{0, 2}), a.size(0) * a.size(2));
  return flipped;
}

}  // namespace aigis
