// Adversarial training (Madry et al., ICLR 2018, arXiv:1706.06083, equation 2.1): a network learns from images that an
// attack has made against it as it stands.
#pragma once

#include <memory>

#include "lib/eval/attack.h"

namespace aigis {

class Adversary {
 public:
  /// `attack` keeps within `epsilon` of the clean images in the Linf norm.
  Adversary(std::shared_ptr<const Attack> attack, double epsilon) : attack_(std::move(attack)), epsilon_(epsilon) {}

  /// The batch's images as the verdict admits them. The network is attacked in evaluation mode, so that BatchNorm's
  /// statistics stay those of training steps, and its weights get no gradient; afterwards it is as before. Its passes
  /// run in `type`, the attack's own arithmetic in that of the images.
  at::Tensor perturbed(Network& network, const Batch& batch, uint64_t seed, at::ScalarType type = at::kFloat) const;

 private:
  std::shared_ptr<const Attack> attack_;
  double epsilon_;
};

/// What a run trains against, and what it is judged by after each epoch: attacks of few steps can be fooled by the very
/// network that they train (catastrophic overfitting, Wong et al. 2020).
struct AdversarialTraining {
  Adversary adversary, judge;
};

}  // namespace aigis
