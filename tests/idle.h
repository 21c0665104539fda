// An attack that does nothing, and noise that it is held against.
#pragma once

#include "tests/attacks.h"

namespace aigis {

/// Does nothing, whatever it is out for.
class Idle : public Attack {
 public:
  explicit Idle(Aim aim, int klass = -1) : aim_(aim), klass_(klass) {}
  std::string name() const override { return "idle"; }
  Json options() const override {
    Json options{{"aim", static_cast<int>(aim_)}};
    if (klass_ >= 0) options["class"] = klass_;
    return options;
  }
  std::set<GateGradient> gate_paths() const override { return {}; }
  std::vector<Norm> norms() const override { return {Norm::linf}; }
  Aim aim() const override { return aim_; }
  std::vector<at::Tensor> propose(Victim&, const Batch& batch, Norm, at::ArrayRef<double> epsilons) const override {
    return std::vector<at::Tensor>(epsilons.size(), batch.images);
  }

 private:
  Aim aim_;
  int klass_;
};

inline std::shared_ptr<const Attack> idle(Aim aim) { return std::make_shared<Idle>(aim); }
inline std::shared_ptr<const Attack> noise() { return make_attack("noise:kind=sign,best_of=1"); }

}  // namespace aigis
