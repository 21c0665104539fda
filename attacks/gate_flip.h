// Gate flip: finds the fewest gates whose flipping alone makes the answer wrong, and then drives the image to that
// graph.
#pragma once

#include <optional>

#include "attacks/parts/gate_options.h"
#include "attacks/parts/graph_search.h"
#include "lib/core/error.h"
#include "lib/core/upload.h"

namespace aigis {

struct GateFlip {
  static constexpr const char* kName = "gate-flip";
  static constexpr const char* kSummary =
      "the fewest gates whose flipping makes the answer wrong, driven to those states";
  static constexpr const char* kSource = "search over graphs; margins of gate logits as in gate-sloth";
  static constexpr Aim kAim = Aim::wrong_answer;

  struct Options : GateAttackOptions {
    GraphSearch search;
    double flipped_weight = 30;  // else a gate that must flip counts no more than any that need only stay
    Options() {
      objective.wants_answer = true;  // whichever way it comes about
      momentum = 0.9;                 // as in gate-sloth
    }
    void bind(OptionTable& table) {
      bind_steps(table);
      table.number("confidence", &confidence, 0.5, 0.9999, "probability", "with which each gate is to stay as wanted");
      table.number("flipped_weight", &flipped_weight, 1e-3, 1e3, "",
                   "of a gate that is to flip, beside one that is to stay as it is");
      table.integer("most_flips", &search.most_flips, 1, 1000, "gates that may be flipped together");
      table.integer("beam", &search.beam, 1, 1'000'000,
                    "graphs of each size from which the next is made; exhaustive while they are all");
    }
    void settle() { objective.term = std::make_shared<GateMargin>(GateStates::wanted, confidence); }
    void check(const ModelCard& card) const {
      GateAttackOptions::check(card);
      if (card.gate_mode != "budget") return;
      throw InputError("with gates=budget no gate flips alone; expected gates=sampled or gates=argmax");
    }
  };
};

/// The report's stages say how many images fall to 1, 2, … flipped gates, before any pixel is changed. Images whose
/// answer is wrong already, in all of the model's draws, stay as they are.
class GateFlipAttack : public GateAttack<GateFlip> {
 public:
  using GateAttack::GateAttack;
  std::shared_ptr<const Attack> prepared_for(Victim& victim, const Batch& batch) const override {
    if (batch.images.size(0) == 0) return nullptr;
    auto attack = std::make_shared<GateFlipAttack>(options_);
    attack->known_ = Known{batch.ids, fewest_flips(victim, batch, options_.search)};
    return attack;
  }
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override {
    std::vector<at::Tensor> candidates(epsilons.size(), batch.images.clone());
    if (batch.images.size(0) == 0) return candidates;
    const FlippedGraphs found = flips_of(victim, batch);
    const at::Tensor rows = found.flips.ne(0).nonzero().squeeze(1), places = uploaded(rows, batch.images.device());
    if (rows.size(0) == 0) return candidates;
    const Batch right = batch.select(rows);
    Goal goal = goal_of(options_.objective, victim, right);
    const FlippedGraphs wanted = found.select(rows);
    goal.graph = wanted.graph;
    goal.gate_weight = 1 + wanted.flipped * (options_.flipped_weight - 1);
    for (size_t e = 0; e < epsilons.size(); ++e) {
      candidates[e] = batch.images.index_copy(0, places, ascend(victim, right, goal, options_, norm, epsilons[e]));
    }
    return candidates;
  }

 private:
  struct Known {
    at::Tensor ids;
    FlippedGraphs found;
  };

  FlippedGraphs flips_of(Victim& victim, const Batch& batch) const {
    if (known_) {
      const auto [rows, known] = find_ids(known_->ids, batch.ids);
      if (known.all().item<bool>()) return known_->found.select(rows);
    }
    return fewest_flips(victim, batch, options_.search);
  }

  std::optional<Known> known_;  ///< of the batch that it was prepared for
};

}  // namespace aigis
