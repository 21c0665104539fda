// A small honest evaluation and what can be planted in it: models that hide what they do, attacks and a defense with a
// defect.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cdist.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/where.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "defenses/jpeg.h"
#include "lib/eval/attack.h"
#include "tests/toy_model.h"

namespace aigis {

inline constexpr int64_t kImages = 200, kClasses = 4, kSide = 8;

inline at::Tensor normal(at::IntArrayRef sizes, uint64_t seed) {
  return at::randn(sizes, at::detail::createCPUGenerator(seed), at::TensorOptions(at::kFloat));
}

/// What the classes look like: patterns of which an image is one, weakly, on grey.
inline at::Tensor patterns() { return normal({kClasses, 3, kSide, kSide}, 11); }

inline Dataset patterned(uint64_t seed = 5) {
  Dataset data;
  data.name = "patterns";
  data.classes = {"a", "b", "c", "d"};
  data.ids = at::arange(kImages, at::TensorOptions(at::kLong));
  data.labels = data.ids.remainder(kClasses);
  const at::Tensor strength = at::rand({kImages, 1, 1, 1}, at::detail::createCPUGenerator(seed)) * 0.08 + 0.01;
  const at::Tensor images =
      0.5 + strength * patterns().index_select(0, data.labels) + 0.05 * normal({kImages, 3, kSide, kSide}, seed + 1);
  data.images = (images * 255).round().clamp(0, 255).to(at::kByte);
  return data;
}

/// Scores an image by its likeness to each pattern; two layers with a tanh between, so that it has curvature.
/// What a test plants is done before or after.
class PatternNet : public ToyModel {
 public:
  PatternNet() : ToyModel("patterns", kClasses, {3, kSide, kSide}) { card_.macs_always = 10'000; }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    return {after(at::linear(((before(images, pass) - 0.5).flatten(1) * 2).tanh(), patterns().flatten(1) / 4)), {}};
  }

 protected:
  virtual at::Tensor before(const at::Tensor& images, const Pass&) { return images; }
  virtual at::Tensor after(const at::Tensor& logits) { return logits; }
};

class ScaledUp : public PatternNet {
  at::Tensor after(const at::Tensor& logits) override { return logits * 1000; }
};
class RoundsItsInput : public PatternNet {
  at::Tensor before(const at::Tensor& images, const Pass&) override { return (images * 15).round() / 15; }
};
/// Answers as it should; its gradient has the wrong sign.
class TurnsItsGradient : public PatternNet {
  at::Tensor before(const at::Tensor& images, const Pass&) override { return 2 * images.detach() - images; }
};
/// Two pixel values of five have the wrong sign: most steps bring a little, and none brings what it could.
class TurnsPartOfItsGradient : public PatternNet {
  at::Tensor before(const at::Tensor& images, const Pass&) override {
    const at::Tensor number = at::arange(3 * kSide * kSide, images.options()).view({3, kSide, kSide});
    const at::Tensor sign = at::where(number.remainder(5).lt(2), -1.0, 1.0);
    return images.detach() + (images - images.detach()) * sign;
  }
};
/// Nor does this one's change what is seen by more than a grey level; its gradient is that of the ripples.
class Shatters : public PatternNet {
  at::Tensor before(const at::Tensor& images, const Pass&) override { return images + 0.002 * (images * 6000).sin(); }
};
class AddsNoise : public PatternNet {
  at::Tensor before(const at::Tensor& images, const Pass& pass) override {
    return images + 0.2 * normal(images.sizes(), pass.noise.draw + 17);
  }
};
class InTrainingMode : public PatternNet {
  at::Tensor before(const at::Tensor& images, const Pass&) override {
    return images - images.mean(0, true) + 0.5;  // as BatchNorm does with the statistics of the batch
  }
};
class NormalizesTwice : public PatternNet {
  at::Tensor before(const at::Tensor& images, const Pass&) override { return (images - 0.5) * 2; }
};
/// Answers as if nothing had been done to an image that deviates strongly from its surroundings at every pixel.
class DetectsThePattern : public PatternNet {
  at::Tensor before(const at::Tensor& images, const Pass&) override {
    const at::Tensor smooth = images.mean({2, 3}, true).expand_as(images);
    const at::Tensor rough = (images - smooth).abs().gt(0.09).to(at::kFloat).mean({1, 2, 3}, true);
    // Found out: what the model sees no longer depends on the image's values, but on signs that a step cannot turn.
    const at::Tensor sane = (0.5 + 0.05 * (images - smooth).sign()).detach();
    return at::where(rough.gt(0.4), sane, images);
  }
};

/// An attack made of a function.
class Planted : public Attack {
 public:
  using Act = std::function<at::Tensor(Victim&, const Batch&, double)>;
  explicit Planted(Act act) : act_(std::move(act)) {}
  std::string name() const override { return "planted"; }
  Json options() const override { return Json::object(); }
  std::set<GateGradient> gate_paths() const override { return {GateGradient::straight_through}; }
  std::vector<Norm> norms() const override { return {Norm::linf}; }
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm,
                                  at::ArrayRef<double> epsilons) const override {
    std::vector<at::Tensor> all;
    for (const double epsilon : epsilons) all.push_back(act_(victim, batch, epsilon));
    return all;
  }

 private:
  Act act_;
};

inline at::Tensor signs(Victim& victim, const Batch& batch) {
  const Loss loss = [&](const Output& output) {
    return -output.logits.log_softmax(1).gather(1, batch.labels.unsqueeze(1)).squeeze(1);
  };
  return victim.gradient(batch.images, batch.ids, loss, {}, {}).images.sign();
}

/// Small differences of large numbers, of which bfloat16 keeps nothing.
class Cancels : public PatternNet {
  at::Tensor after(const at::Tensor& logits) override {
    const at::Tensor large = 300 * at::ones({kClasses, kClasses}), small = at::eye(kClasses);
    return at::linear(logits, large + small) - at::linear(logits, large);
  }
};

/// JPEG without a gradient: what comes out has no history.
class BlindJpeg : public Jpeg {
 public:
  BlindJpeg() : Jpeg(JpegOptions{}) {}
  std::string name() const override { return "blind-jpeg"; }
  std::string gradient_mode() const override { return "none"; }
  at::Tensor apply(const at::Tensor& images, const Pass& pass) const override {
    return Jpeg::apply(images.detach(), pass).detach();
  }
};

/// Puts the nearest of the images that it knows in the place of each, so that no small step is left.
class LooksUp : public Defense {
 public:
  std::string name() const override { return "look-up"; }
  Json options() const override { return Json::object(); }
  std::string gradient_mode() const override { return "none"; }
  at::Tensor apply(const at::Tensor& images, const Pass&) const override {
    return known_.index_select(0, at::cdist(images.detach().flatten(1), known_.flatten(1)).argmin(1));
  }

 private:
  at::Tensor known_ = patterned().images.to(at::kFloat) / 255;
};

/// Does nothing.
class LetsThrough : public Defense {
 public:
  std::string name() const override { return "nothing"; }
  Json options() const override { return Json::object(); }
  std::string gradient_mode() const override { return "exact"; }
  at::Tensor apply(const at::Tensor& images, const Pass&) const override { return images; }
};

}  // namespace aigis
