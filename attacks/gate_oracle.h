// Gate oracle: a black box that shows nothing but how much of the gated layers it executed, as a bill or a clock does.
// A random search drives that up or down: first by sign noise, for there are gates that grain shuts, of which squares
// have little, then by squares that change the best image so far. Where gates draw, one reading says little: the best
// image is read again beside every query, and each reading may be the mean of several.
#pragma once

#include "attacks/parts/square_search.h"
#include "lib/eval/attack.h"

namespace aigis {

struct GateOracleOptions : SquareSearch {
  bool open = true;  ///< more work; else less
  GateOracleOptions() {
    queries = 1000;
    noise_share = 0.25;
    drift = true;  // a cost has few values
  }
  void bind(OptionTable& table);
};

class GateOracle : public Attack {
 public:
  static constexpr const char* kName = "gate-oracle";
  static constexpr const char* kSummary = "more or less compute, by a search that sees the executed cost alone";
  static constexpr const char* kSource =
      "a latency side channel; search of Andriushchenko et al. 2020, arXiv:1912.00049";
  using Options = GateOracleOptions;

  explicit GateOracle(const Options& options) : options_(options) {}
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  std::set<GateGradient> gate_paths() const override { return {}; }
  std::vector<Norm> norms() const override { return all_norms(); }
  Aim aim() const override { return options_.open ? Aim::more_compute : Aim::less_compute; }
  int64_t draws() const override { return options_.draws; }
  void check(const ModelCard& card) const override;
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override;

 private:
  Options options_;
};

}  // namespace aigis
