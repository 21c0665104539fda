#include "attacks/parts/graph_search.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <limits>
#include <set>

#include "attacks/parts/objective.h"
#include "lib/core/upload.h"
#include "lib/eval/verdict.h"

namespace aigis {
namespace {

using FlipSet = std::vector<int64_t>;  ///< layers in ascending order

/// What is known of one image.
struct Found {
  FlipSet best;
  double margin = std::numeric_limits<double>::infinity();  ///< the label's, with `best` flipped
  bool changes = false;
  std::vector<std::pair<double, FlipSet>> tried;  ///< sets of the current size, with their margins
};

/// Every set that has one layer more than one of `parents`, each once.
std::vector<FlipSet> grown(const std::vector<std::pair<double, FlipSet>>& parents, int64_t layers) {
  std::set<FlipSet> sets;
  for (const auto& [margin, parent] : parents) {
    for (int64_t l = 0; l < layers; ++l) {
      const auto place = std::lower_bound(parent.begin(), parent.end(), l);
      if (place != parent.end() && *place == l) continue;
      FlipSet child = parent;
      child.insert(child.begin() + (place - parent.begin()), l);
      sets.insert(std::move(child));
    }
  }
  return {sets.begin(), sets.end()};
}

at::Tensor flipped(at::Tensor graph, const FlipSet& set) {
  for (const int64_t l : set) graph[l] = 1 - graph[l];
  return graph;
}

class Search {
 public:
  Search(Victim& victim, const Batch& batch, const GraphSearch& search)
      : victim_(victim), batch_(batch), search_(search), images_(batch.images.size(0)) {
    found_.resize(static_cast<size_t>(images_));
    for (Found& found : found_) found.tried.push_back({0, {}});
    const at::Tensor wrong = begin().cpu();
    for (int64_t i = 0; i < wrong.size(0); ++i) at_image(wrong[i].item<int64_t>()).changes = true;
  }

  FlippedGraphs run() {
    std::vector<int64_t> left;
    for (int64_t i = 0; i < images_; ++i) {
      if (!at_image(i).changes) left.push_back(i);
    }
    const int64_t most = std::min(search_.most_flips, graph_.size(1));
    for (int64_t size = 1; size <= most && !left.empty(); ++size) {
      grow(left);
      const auto fallen =
          std::stable_partition(left.begin(), left.end(), [&](int64_t i) { return !at_image(i).changes; });
      const at::Tensor ids = batch_.ids.index_select(0, at::tensor(at::IntArrayRef(left)));
      victim_.credit(size == 1 ? "1 gate" : std::to_string(size) + " gates", ids, ids.slice(0, fallen - left.begin()));
      left.erase(fallen, left.end());
    }
    FlippedGraphs result{graph_.clone(), at::full({images_}, -1, at::TensorOptions(at::kLong)), {}};
    for (int64_t i = 0; i < images_; ++i) {
      const Found& found = at_image(i);
      result.graph[i].copy_(flipped(graph_[i].clone(), found.best));
      if (found.changes) result.flips[i] = static_cast<int64_t>(found.best.size());
    }
    result.flipped = (result.graph - graph_).abs().to(device_);
    result.graph = result.graph.to(device_);
    return result;
  }

 private:
  Found& at_image(int64_t i) { return found_[static_cast<size_t>(i)]; }

  /// Takes for each image the graph of the first draw in which its answer is right. Returns the rows that have none.
  at::Tensor begin() {
    at::Tensor left = at::arange(images_, batch_.labels.options());
    for (int64_t draw = 0; draw < victim_.card().draws && left.size(0) > 0; ++draw) {
      const Batch some = batch_.select(left);
      const Output clean = victim_.aside(some.images, some.ids, {0, static_cast<uint32_t>(draw), 0});
      device_ = clean.gates.open.options();
      if (draw == 0) graph_ = clean.gates.open.cpu();
      else graph_.index_copy_(0, left.cpu(), clean.gates.open.cpu());
      const at::Tensor wrong = answers_of(clean.logits).ne(some.labels);
      left = left.index_select(0, wrong.nonzero().squeeze(1));
    }
    return left;
  }

  /// Tries all sets of the next size that come from the best of the last one.
  void grow(const std::vector<int64_t>& left) {
    std::vector<std::vector<FlipSet>> sets;
    size_t longest = 0;
    for (const int64_t i : left) {
      Found& found = at_image(i);
      std::stable_sort(found.tried.begin(), found.tried.end(),
                       [](const auto& a, const auto& b) { return a.first < b.first; });
      if (static_cast<int64_t>(found.tried.size()) > search_.beam) {
        found.tried.resize(static_cast<size_t>(search_.beam));
      }
      sets.push_back(grown(found.tried, graph_.size(1)));
      longest = std::max(longest, sets.back().size());
      found.tried.clear();
    }
    for (size_t s = 0; s < longest; ++s) {
      std::vector<int64_t> rows;
      std::vector<const FlipSet*> chosen;
      for (size_t r = 0; r < left.size(); ++r) {
        if (s >= sets[r].size()) continue;
        rows.push_back(left[r]);
        chosen.push_back(&sets[r][s]);
      }
      ask(rows, chosen);
    }
  }

  /// One pass: each of the images with its own set flipped.
  void ask(const std::vector<int64_t>& images, const std::vector<const FlipSet*>& sets) {
    const at::Tensor rows = at::empty({static_cast<int64_t>(images.size())}, at::TensorOptions(at::kLong));
    std::copy(images.begin(), images.end(), rows.mutable_data_ptr<int64_t>());
    at::Tensor graph = graph_.index_select(0, rows);
    for (size_t r = 0; r < sets.size(); ++r) flipped(graph[static_cast<int64_t>(r)], *sets[r]);
    const Batch some = batch_.select(rows);
    Goal goal;
    goal.labels = some.labels;
    const Output output = victim_.aside(some.images, some.ids, {}, graph.to(device_));
    const at::Tensor margin = loss_value(LossKind::margin, output.logits, goal).to(at::kCPU, at::kDouble);
    const at::Tensor changes = answers_of(output.logits).ne(goal.labels).cpu();
    for (size_t r = 0; r < sets.size(); ++r) {
      Found& found = at_image(images[r]);
      const double of_label = -margin[static_cast<int64_t>(r)].item<double>();
      found.tried.push_back({of_label, *sets[r]});
      const bool changed = changes[static_cast<int64_t>(r)].item<bool>();
      if (of_label < found.margin || (changed && !found.changes)) {
        found.margin = of_label;
        found.best = *sets[r];
      }
      found.changes = found.changes || changed;
    }
  }

  Victim& victim_;
  const Batch& batch_;
  const GraphSearch& search_;
  int64_t images_;
  at::TensorOptions device_;
  at::Tensor graph_;  ///< [N, L] that flips start from, on the CPU
  std::vector<Found> found_;
};

}  // namespace

FlippedGraphs FlippedGraphs::select(const at::Tensor& rows) const {
  const at::Tensor chosen = uploaded(rows, graph.device());
  return {graph.index_select(0, chosen), flips.index_select(0, rows), flipped.index_select(0, chosen)};
}

FlippedGraphs fewest_flips(Victim& victim, const Batch& batch, const GraphSearch& search) {
  return Search(victim, batch, search).run();
}

}  // namespace aigis
