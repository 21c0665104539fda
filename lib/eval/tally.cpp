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

/// `counts`: [N] int64, the successes among each image's draws.
void add_images(Proportion& proportion, const at::Tensor& counts, int64_t draws) {
  for (const int64_t count : listed(counts)) proportion.add(count, draws);
}

/// Unbiased; of at least two values.
double variance(const std::vector<int64_t>& values) {
  const auto n = static_cast<double>(values.size());
  const double mean = static_cast<double>(std::accumulate(values.begin(), values.end(), int64_t{0})) / n;
  double squares = 0;
  for (const int64_t value : values)
    squares += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
  return squares / (n - 1);
}

}  // namespace

void PassTally::add(const Judgement& judgement, const at::Tensor& labels, const ModelCard& card) {
  const int64_t classes = card.classes, draws = card.draws;
  const at::Tensor label = labels.cpu();
  const int64_t* hits = judgement.hits.const_data_ptr<int64_t>();
  const int64_t* hits_top5 = judgement.hits_top5.const_data_ptr<int64_t>();
  const int64_t* class_of = label.const_data_ptr<int64_t>();
  const int64_t count = label.size(0);
  const int64_t layers = judgement.open.defined() ? judgement.open.size(2) : 0;
  near_ties += judgement.near_ties;
  like_probabilities += judgement.like_probabilities;
  passes.resize(static_cast<size_t>(classes));
  open.resize(static_cast<size_t>(classes * layers));
  histogram.resize(layers == 0 ? 0 : static_cast<size_t>(layers + 1));
  for (int64_t i = 0; i < count; ++i) {
    if (class_of[i] < 0 || class_of[i] >= classes) throw RunError("an image's label is not a class of the model");
    accuracy.add(hits[i], draws);
    top5.add(hits_top5[i], draws);
    passes[static_cast<size_t>(class_of[i])] += draws;
  }
  if (layers == 0) return;
  by_layer.resize(static_cast<size_t>(layers));
  const at::Tensor gates = judgement.open.transpose(0, 1).contiguous();  // [N, draws, L]
  const bool* gate = gates.const_data_ptr<bool>();
  std::vector<int64_t> opened(static_cast<size_t>(layers)), cost(static_cast<size_t>(draws));
  for (int64_t i = 0; i < count; ++i) {
    std::fill(opened.begin(), opened.end(), 0);
    for (int64_t draw = 0; draw < draws; ++draw, gate += layers) {
      int64_t ran = 0, macs = card.macs_always;
      for (int64_t l = 0; l < layers; ++l) {
        ran += gate[l];
        macs += gate[l] ? card.gated[static_cast<size_t>(l)].macs : 0;
        opened[static_cast<size_t>(l)] += gate[l];
      }
      ++histogram[static_cast<size_t>(ran)];
      ++costs[macs];
      cost[static_cast<size_t>(draw)] = macs;
    }
    for (int64_t l = 0; l < layers; ++l) {
      const int64_t times = opened[static_cast<size_t>(l)];
      open[static_cast<size_t>(class_of[i] * layers + l)] += times;
      by_layer[static_cast<size_t>(l)].add(times, draws);
    }
    rate.add(std::accumulate(opened.begin(), opened.end(), int64_t{0}), draws * layers);
    spent.push_back(std::accumulate(cost.begin(), cost.end(), int64_t{0}));
    if (draws > 1) cost_spread.push_back(variance(cost));
  }
}

void PassTally::merge(const PassTally& other) {
  accuracy.merge(other.accuracy);
  top5.merge(other.top5);
  near_ties += other.near_ties;
  like_probabilities += other.like_probabilities;
  add_to(passes, other.passes);
  add_to(open, other.open);
  add_to(histogram, other.histogram);
  for (const auto& [macs, count] : other.costs) costs[macs] += count;
  rate.merge(other.rate);
  by_layer.resize(std::max(by_layer.size(), other.by_layer.size()));
  for (size_t l = 0; l < other.by_layer.size(); ++l) by_layer[l].merge(other.by_layer[l]);
  append(spent, other.spent);
  append(cost_spread, other.cost_spread);
}

bool PassTally::has_size(size_t classes, size_t layers) const {
  return passes.size() == classes && open.size() == classes * layers &&
         histogram.size() == (layers == 0 ? 0 : layers + 1) && by_layer.size() == layers &&
         spent.size() == (layers == 0 ? 0 : static_cast<size_t>(accuracy.trials()));
}

Json PassTally::to_json() const {
  Json layers = Json::array();
  for (const Proportion& layer : by_layer) layers.push_back(layer.counts());
  return {{"accuracy", accuracy.counts()},
          {"top5", top5.counts()},
          {"near_ties", near_ties},
          {"like_probabilities", like_probabilities},
          {"passes", passes},
          {"open", open},
          {"histogram", histogram},
          {"costs", costs},
          {"rate", rate.counts()},
          {"by_layer", layers},
          {"spent", spent},
          {"cost_spread", cost_spread}};
}

PassTally PassTally::from_json(const Json& json) {
  std::vector<Proportion> by_layer;
  for (const Json& layer : json.at("by_layer")) by_layer.push_back(Proportion::from_counts(layer));
  return {Proportion::from_counts(json.at("accuracy")),
          Proportion::from_counts(json.at("top5")),
          json.at("near_ties"),
          json.at("like_probabilities"),
          json.at("passes"),
          json.at("open"),
          json.at("histogram"),
          json.at("costs").get<std::map<int64_t, int64_t>>(),
          Proportion::from_counts(json.at("rate")),
          by_layer,
          json.at("spent").get<std::vector<int64_t>>(),
          json.at("cost_spread").get<std::vector<double>>()};
}

void CellTally::add_sizes(const Admitted& admitted) {
  over_budget += admitted.over_budget;
  out_of_box += admitted.out_of_box;
  not_finite += admitted.not_finite;
  worst_overshoot = std::max(worst_overshoot, admitted.worst_overshoot);
  if (admitted.linf.numel() == 0) return;
  linf_sum += admitted.linf.sum().item<double>();
  linf_max = std::max(linf_max, admitted.linf.max().item<double>());
  l2_sum += admitted.l2.sum().item<double>();
  l2_max = std::max(l2_max, admitted.l2.max().item<double>());
  l1_sum += admitted.l1.sum().item<double>();
  l1_max = std::max(l1_max, admitted.l1.max().item<double>());
  l0_sum += admitted.l0.sum().item<double>();
  l0_max = std::max(l0_max, admitted.l0.max().item<double>());
}

void CellTally::add_kept(const at::Tensor& same, int64_t draws) { add_images(kept, same, draws); }

void CellTally::add_on_target(const at::Tensor& wins, int64_t draws) { add_images(on_target, wins, draws); }

void CellTally::merge(const CellTally& other) {
  pass.merge(other.pass);
  append(hits, other.hits);
  append(clean_on_adversarial, other.clean_on_adversarial);
  append(adversarial_on_clean, other.adversarial_on_clean);
  quantized.merge(other.quantized);
  on_target.merge(other.on_target);
  kept.merge(other.kept);
  flipped.merge(other.flipped);
  linf_sum += other.linf_sum;
  linf_max = std::max(linf_max, other.linf_max);
  l2_sum += other.l2_sum;
  l2_max = std::max(l2_max, other.l2_max);
  l1_sum += other.l1_sum;
  l1_max = std::max(l1_max, other.l1_max);
  l0_sum += other.l0_sum;
  l0_max = std::max(l0_max, other.l0_max);
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

Json CellTally::to_json() const {
  Json stages = Json::array();
  for (const Stage& stage : audit.stages) stages.push_back({stage.attack, stage.tried, stage.broken});
  return {
      {"pass", pass.to_json()},
      {"hits", hits},
      {"swap", {clean_on_adversarial, adversarial_on_clean}},
      {"quantized", quantized.counts()},
      {"on_target", on_target.counts()},
      {"kept", kept.counts()},
      {"flipped", flipped.counts()},
      {"linf", {linf_sum, linf_max}},
      {"l2", {l2_sum, l2_max}},
      {"l1", {l1_sum, l1_max}},
      {"l0", {l0_sum, l0_max}},
      {"faults", {over_budget, out_of_box, not_finite}},
      {"worst_overshoot", worst_overshoot},
      {"lost", {watched, lost}},
      {"audit", {audit.forward, audit.backward, audit.zero_gradients, audit.bad_gradients, stages, audit.broken_after}},
      {"seconds", seconds},
      {"latency", {latency.clean, latency.adversarial}}};
}

CellTally CellTally::from_json(const Json& json) {
  CellTally cell;
  cell.pass = PassTally::from_json(json.at("pass"));
  cell.hits = json.at("hits").get<std::vector<int64_t>>();
  cell.clean_on_adversarial = json.at("swap").at(0).get<std::vector<int64_t>>();
  cell.adversarial_on_clean = json.at("swap").at(1).get<std::vector<int64_t>>();
  cell.quantized = Proportion::from_counts(json.at("quantized"));
  cell.on_target = Proportion::from_counts(json.at("on_target"));
  cell.kept = Proportion::from_counts(json.at("kept"));
  cell.flipped = Proportion::from_counts(json.at("flipped"));
  cell.linf_sum = json.at("linf").at(0);
  cell.linf_max = json.at("linf").at(1);
  cell.l2_sum = json.at("l2").at(0);
  cell.l2_max = json.at("l2").at(1);
  cell.l1_sum = json.at("l1").at(0);
  cell.l1_max = json.at("l1").at(1);
  cell.l0_sum = json.at("l0").at(0);
  cell.l0_max = json.at("l0").at(1);
  cell.over_budget = json.at("faults").at(0);
  cell.out_of_box = json.at("faults").at(1);
  cell.not_finite = json.at("faults").at(2);
  cell.worst_overshoot = json.at("worst_overshoot");
  cell.watched = json.at("lost").at(0);
  cell.lost = json.at("lost").at(1);
  const Json& audit = json.at("audit");
  cell.audit = {audit.at(0), audit.at(1), audit.at(2), audit.at(3), {}, {}};
  for (const Json& stage : audit.at(4)) cell.audit.stages.push_back({stage.at(0), stage.at(1), stage.at(2)});
  cell.audit.broken_after = audit.at(5).get<std::map<int64_t, int64_t>>();
  cell.seconds = json.at("seconds");
  cell.latency.clean = json.at("latency").at(0).get<std::vector<double>>();
  cell.latency.adversarial = json.at("latency").at(1).get<std::vector<double>>();
  return cell;
}

void RunTally::merge(const RunTally& other) {
  clean.merge(other.clean);
  append(clean_hits, other.clean_hits);
  redraw_flipped.merge(other.redraw_flipped);
  cells.resize(std::max(cells.size(), other.cells.size()));
  for (size_t i = 0; i < other.cells.size(); ++i) cells[i].merge(other.cells[i]);
}

Json RunTally::to_json() const {
  Json list = Json::array();
  for (const auto& cell : cells) list.push_back(cell.to_json());
  return {{"clean", clean.to_json()},
          {"clean_hits", clean_hits},
          {"redraw_flipped", redraw_flipped.counts()},
          {"cells", list}};
}

RunTally RunTally::from_json(const Json& json) {
  RunTally run;
  run.clean = PassTally::from_json(json.at("clean"));
  run.clean_hits = json.at("clean_hits").get<std::vector<int64_t>>();
  run.redraw_flipped = Proportion::from_counts(json.at("redraw_flipped"));
  for (const auto& cell : json.at("cells")) run.cells.push_back(CellTally::from_json(cell));
  return run;
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
