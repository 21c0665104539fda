// What an evaluation counts. Tallies of parts of a data set add up to the tally of the whole.
#pragma once

#include <map>
#include <vector>

#include "lib/eval/latency.h"
#include "lib/eval/verdict.h"
#include "lib/eval/victim.h"
#include "lib/metrics/interval.h"

namespace aigis {

/// One kind of pass (clean, or attacked at one budget): accuracy and gates.
struct PassTally {
  Proportion accuracy;
  Proportion top5;  ///< the label is among the five largest logits
  int64_t near_ties = 0;
  int64_t without_answer = 0;        ///< images of which some draw answered with NaN or infinity
  int64_t like_probabilities = 0;    ///< images whose answer looks like probabilities
  std::vector<int64_t> histogram;    ///< [L + 1] passes by number of layers that ran
  std::map<int64_t, int64_t> costs;  ///< passes by executed multiply-accumulates; empty without gates
  // One entry for each image, in the order of the data; empty without gates:
  std::vector<int64_t> labels;      ///< [N]
  std::vector<int64_t> opened;      ///< [N * L] in how many draws a layer ran
  std::vector<int64_t> spent;       ///< executed multiply-accumulates, summed over draws
  std::vector<double> cost_spread;  ///< their variance from draw to draw (unbiased); empty for one draw

  void add(const Judgement& judgement, const at::Tensor& labels, const ModelCard& card);
  void merge(const PassTally& other);
  /// Whether it counts images of this number of classes, and this number of gated layers.
  bool has_size(size_t classes, size_t layers) const;
  Json to_json() const;
  static PassTally from_json(const Json& json);
};

/// The sum and the greatest of many images' perturbations in one norm.
struct Extent {
  double sum = 0, max = 0;

  void add(const at::Tensor& sizes);  ///< [N], N > 0
  void merge(const Extent& other);
  Json to_json() const;
  static Extent from_json(const Json& json);
};

/// One attack against one defended model at one budget.
struct CellTally {
  PassTally pass;
  std::vector<int64_t> hits;  ///< of each image, in the order of the data: in how many draws its label was right
  std::vector<int64_t> quantized_hits;  ///< the same of the adversarial image rounded to 8 bits
  std::vector<double> margins;  ///< of images that are saved, in the form in which they are, as Judgement::margins
  /// Of the image rounded to 8 bits, as PassTally::opened; empty where it was not asked for.
  std::vector<int64_t> quantized_opened;
  // The 2x2 swap of inputs and gates, where it was asked for: of each image, in how many draws its label was right
  std::vector<int64_t> clean_on_adversarial;  ///< for the clean image along the gates of the adversarial one
  std::vector<int64_t> adversarial_on_clean;  ///< for the adversarial image along the gates of the clean one
  Proportion quantized;                       ///< accuracy on the adversarial images rounded to 8 bits
  int64_t quantized_near_ties = 0;            ///< of these, as PassTally::near_ties
  Proportion on_target;     ///< images taken for the class that the attack aimed at, of those of another class
  Proportion kept;          ///< images whose answer is that for the clean image, at equal noise
  Proportion flipped;       ///< gates that differ from the clean pass at equal noise
  Extent linf, l2, l1, l0;  ///< of the perturbations
  int64_t over_budget = 0, out_of_box = 0, not_finite = 0;
  double worst_overshoot = 0;
  int64_t watched = 0;  ///< images whose way under the attack was seen by a witness (witness.h)
  int64_t lost =
      0;  ///< of these, images that the attack had broken on its way, but does not break with what it proposed
  AttackAudit audit;   ///< the work that this budget alone needs
  double seconds = 0;  ///< of attack and verdict, and of nothing that is asked besides (8-bit images, swapped gates)
  Latency latency;     ///< of passes, where it was asked for

  /// What was counted of each image in the form in which it is saved: float, or uint8 for rounded to 8 bits.
  const std::vector<int64_t>& hits_as(at::ScalarType form) const { return form == at::kByte ? quantized_hits : hits; }
  const std::vector<int64_t>& opened_as(at::ScalarType form) const {
    return form == at::kByte ? quantized_opened : pass.opened;
  }
  void add_sizes(const Admitted& admitted);
  /// `same`: [N] int64, in how many draws the answer was that for the clean image.
  void add_kept(const at::Tensor& same, int64_t draws);
  /// `wins`: [images of another class than their target] int64, in how many draws the target was the answer.
  void add_on_target(const at::Tensor& wins, int64_t draws);
  void merge(const CellTally& other);
  Json to_json() const;
  static CellTally from_json(const Json& json);
};

/// One run over all budgets.
struct RunTally {
  PassTally clean;
  std::vector<int64_t> clean_hits;  ///< as CellTally::hits, of the clean images
  Proportion redraw_flipped;        ///< gates that differ between two draws on clean images
  std::vector<CellTally> cells;

  void merge(const RunTally& other);
  Json to_json() const;
  static RunTally from_json(const Json& json);
};

/// The numbers of an int64 tensor on the CPU.
std::vector<int64_t> listed(const at::Tensor& counts);

/// In how many places two gate tensors [draws, N, L] differ for each image; no trials if there are no gates.
Proportion count_flips(const at::Tensor& a, const at::Tensor& b);

}  // namespace aigis
