// Random noise: the weakest attack there is. Whatever does not beat it sees no gradient (guide for evaluations: Carlini
// et al. 2019, arXiv:1902.06705, section 5).
#pragma once

#include "lib/core/options.h"
#include "lib/eval/attack.h"

namespace aigis {

struct NoiseOptions {
  enum class Kind {
    uniform,   ///< uniform in the ball
    gaussian,  ///< Linf: normal with deviation epsilon, cut off at epsilon; L2, L1: a normal direction of length
               ///< epsilon
    sign,      ///< a random corner of the ball in Linf; in other norms the same with all pixels alike
  };
  enum class By {
    margin,  ///< that of the likeliest wrong answer
    open,    ///< the executed cost
    shut,    ///< what of the cost is saved
  };
  Kind kind = Kind::uniform;
  int64_t best_of = 1;  ///< noises tried
  By by = By::margin;   ///< what the best of them has the most of
  int64_t draws = 1;    ///< readings that this is the mean of, for random gates
  int64_t patch = 0;    ///< side of the square in the upper left corner that takes random colours; 0: all of the image
  void bind(OptionTable& table);
};

class Noise : public Attack {
 public:
  static constexpr const char* kName = "noise";
  static constexpr const char* kSummary = "random noise, the best of several";
  static constexpr const char* kSource = "Carlini et al. 2019, arXiv:1902.06705, section 5";
  using Options = NoiseOptions;

  explicit Noise(const Options& options) : options_(options) {}
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  std::set<GateGradient> gate_paths() const override { return {}; }
  std::vector<Norm> norms() const override { return all_norms(); }
  int64_t draws() const override { return options_.draws; }
  int64_t patch() const override { return options_.patch; }
  Aim aim() const override;
  void check(const ModelCard& card) const override;
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override;

 private:
  /// Like so many images, for a budget of 1; in Linf normal noise may reach beyond.
  at::Tensor noise(const at::Tensor& like, const at::Tensor& ids, const Stream& stream, Norm norm) const;
  /// Images with noise within the budget, or with a patch of it.
  at::Tensor noisy(const Batch& batch, const at::Tensor& noise, Norm norm, double epsilon) const;
  /// [N]: larger is better.
  at::Tensor value(const Output& output, const at::Tensor& labels) const;
  /// The mean value of as many readings as random gates need.
  at::Tensor mean_value(Victim& victim, const Batch& batch, const at::Tensor& tried, uint32_t number) const;

  Options options_;
};

}  // namespace aigis
