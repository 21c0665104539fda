// Gate hijack: takes on the graph that the model runs for another class, on average.
#pragma once

#include "attacks/parts/class_graph.h"
#include "attacks/parts/gate_options.h"

namespace aigis {

struct GateHijack {
  static constexpr const char* kName = "gate-hijack";
  static constexpr const char* kSummary = "the average inference graph of another class";
  static constexpr const char* kSource =
      "margins of gate logits to what a class usually runs (Veit & Belongie 2018, figure 4), layers weighed by "
      "how they tell classes apart";
  static constexpr Aim kAim = Aim::graph;

  struct Options : GateAttackOptions {
    int64_t klass = 0;
    int64_t images = 1000;  ///< training images from which the classes' graphs are learnt
    void bind(OptionTable& table) {
      GateAttackOptions::bind(table);
      table.integer("class", &klass, 0, 1'000'000, "whose graph is taken on");
      table.integer("images", &images, 1, 1'000'000, "training images from which its graph is learnt");
    }
    void settle() {}
    void check(const ModelCard& card) const {
      GateAttackOptions::check(card);
      check_class(klass, card);
    }
  };
};

class GateHijackAttack : public GateAttack<GateHijack> {
 public:
  using GateAttack::GateAttack;
  std::vector<std::string> notes(const ModelCard&) const override { return {learnt_note(options_.images)}; }
  int64_t learns_from() const override { return options_.images; }
  std::shared_ptr<const Attack> learnt(Victim& victim, const Batch& training, Norm,
                                       at::ArrayRef<double>) const override {
    auto attack = std::make_shared<GateHijackAttack>(options_);
    attack->options_.objective.term = towards_class(name(), victim, training, options_.klass, options_.confidence);
    return attack;
  }
};

}  // namespace aigis
