// Square: a random search that changes one square of the image at a time and sees nothing but the model's logits
// (Andriushchenko, Croce, Flammarion & Hein, ECCV 2020).
#pragma once

#include "attacks/parts/square_search.h"
#include "lib/eval/attack.h"

namespace aigis {

struct SquareOptions : SquareSearch {
  SquareOptions() { stop = counts = true; }
  void bind(OptionTable& table);
};

/// A square is kept where it makes the margin of logits smaller. With random gates the best image is asked again beside
/// every square, which then costs two answers.
class Square : public Attack {
 public:
  static constexpr const char* kName = "square";
  static constexpr const char* kSummary = "random search over squares of the image; black box";
  static constexpr const char* kSource = "Andriushchenko et al. 2020, arXiv:1912.00049, algorithms 1 to 3";
  using Options = SquareOptions;

  explicit Square(const Options& options) : options_(options) {}
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  std::set<GateGradient> gate_paths() const override { return {}; }
  std::vector<Norm> norms() const override { return all_norms(); }
  bool heeds_judge() const override { return options_.stop; }
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override;

 private:
  Options options_;
};

}  // namespace aigis
