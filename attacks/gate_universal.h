// Gate universal: one perturbation for all images, or for all of a class, or a patch that is pasted on them, learnt
// from training images; it needs no computation when it strikes.
#pragma once

#include <map>

#include "attacks/parts/gate_options.h"

namespace aigis {

struct GateUniversalOptions : GateAttackOptions {
  enum class Kind { sloth, starve, reroute, hijack };
  Kind aim = Kind::sloth;
  bool per_class = false;
  int64_t patch = 0;        ///< side of the square in the upper left corner that takes the patch's colours; 0: no patch
  int64_t klass = 0;        ///< hijack: whose graph is taken on
  double tolerance = 0.05;  ///< reroute: by which the executed share of the gated layers' cost may move
  int64_t images = 1000;    ///< training images
  int64_t batch = 100;      ///< training images whose gradients are summed for a step
  GateUniversalOptions() {
    steps = 50;
    relative_step_size = 0.1;
  }
  void bind(OptionTable& table);
  void check(const ModelCard& card) const;
};

class GateUniversal : public Attack {
 public:
  static constexpr const char* kName = "gate-universal";
  static constexpr const char* kSummary =
      "one perturbation or patch for all images or for a class, learnt from training images";
  static constexpr const char* kSource =
      "Moosavi-Dezfooli et al. 2017, arXiv:1610.08401; Hong et al. 2021 (DeepSloth), arXiv:2010.02432, section 5; "
      "patches: Brown et al. 2017, arXiv:1712.09665";
  using Options = GateUniversalOptions;

  explicit GateUniversal(const Options& options) : options_(options) {}
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  std::set<GateGradient> gate_paths() const override { return {options_.objective.path.gradient}; }
  std::vector<Norm> norms() const override { return all_norms(); }
  void check(const ModelCard& card) const override { options_.check(card); }
  std::vector<std::string> notes(const ModelCard&) const override { return {learnt_note(options_.images)}; }
  Aim aim() const override;
  int64_t patch() const override { return options_.patch; }
  int64_t draws() const override { return options_.objective.draws; }
  int64_t learns_from() const override { return options_.images; }
  std::shared_ptr<const Attack> learnt(Victim& victim, const Batch& training, Norm norm,
                                       at::ArrayRef<double> epsilons) const override;
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override;

 private:
  struct Lesson;  ///< a part of the training images

  std::vector<Lesson> lessons_of(Victim& victim, const Batch& training, const ObjectiveOptions& objective) const;
  at::Tensor learn(Victim& victim, std::vector<Lesson> lessons, const ObjectiveOptions& objective, Norm norm,
                   double epsilon) const;
  at::Tensor worth_of(Victim& victim, const std::vector<Lesson>& lessons, const ObjectiveOptions& objective,
                      const at::Tensor& shared, Norm norm, double epsilon, uint32_t step) const;
  /// Images with what each of them gets, inside the box; a patch as far as the budget lets it.
  at::Tensor struck(const at::Tensor& images, const at::Tensor& given, Norm norm, double epsilon) const;
  /// The part of images, or of gradients, that is shared.
  at::Tensor part_of(const at::Tensor& images) const;
  /// Whose perturbation or patch each image gets.
  at::Tensor owner(const at::Tensor& labels) const;

  Options options_;
  std::map<double, at::Tensor> shared_;  ///< for each budget what is added, [1 or K, C, H, W], or the patch's colours
  at::Tensor taught_;                    ///< [1 or K] bool, whether there were images to learn it from
};

}  // namespace aigis
