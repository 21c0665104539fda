#include "models/parts/script_trial.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/rand.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "lib/core/error.h"
#include "lib/ops/mac_count.h"
#include "models/parts/script_failure.h"

namespace aigis {
namespace {

/// Whether an attack could follow the gradient at one of a few random images, at least. They have less and less
/// contrast, for an honest model may be saturated by some; and classes have weights of their own, for the plain sum of
/// probabilities does not change.
bool has_gradient(Model& model, const at::Tensor& noise) {
  for (const double contrast : {1.0, 0.3, 0.1, 0.03}) {
    const at::Tensor images = (0.5 + (noise - 0.5) * contrast).set_requires_grad(true);
    const at::Tensor logits = model.forward(images, {}).logits;
    (logits * at::arange(1, logits.size(1) + 1, logits.options())).sum().backward();
    if (!images.grad().defined()) continue;
    const at::Tensor sums = images.grad().abs().flatten(1).sum(1);
    if (sums.gt(0).logical_and(at::isfinite(sums)).any().item<bool>()) return true;
  }
  return false;
}

/// LibTorch's warnings of a model that is refused in the end would stand before the line that says why.
class Silence : public c10::WarningHandler {
 public:
  void process(const c10::Warning&) override {}
};

}  // namespace

void examine_script(Model& model, ModelCard& card, const std::string& path, at::Device device) {
  Silence silence;
  const c10::WarningUtils::WarningHandlerGuard silent(&silence);
  std::vector<int64_t> shape{2};
  shape.insert(shape.end(), card.input.begin(), card.input.end());
  const auto fail = [&](const std::string& what) { throw InputError(fmt::format("{}: {}", path, what)); };
  try {
    auto generator = at::detail::createCPUGenerator(0);
    const at::Tensor images = at::rand({3, shape[1], shape[2], shape[3]}, generator).to(device);
    const at::Tensor pair = images.slice(0, 0, 2).clone().set_requires_grad(true);
    at::Tensor logits;
    card.macs_always = count_macs([&] { logits = model.forward(pair, {}).logits; }) / 2;
    if (!logits.isfinite().all().item<bool>()) fail("answers random images with numbers that are not finite");
    card.classes = logits.size(1);
    if (!logits.requires_grad()) {
      fail(
          "cannot be differentiated: no gradient leads from its answer to the images; expected a model without "
          "no_grad, detach or quantization");
    }
    if (!has_gradient(model, images)) {
      fail(
          "cannot be differentiated: the gradient from its answer to the images is zero or not finite for all random "
          "images that were tried; expected a model without rounding or other steps of slope 0");
    }
    if (!at::equal(model.forward(pair.detach(), {}).logits, logits.detach())) {
      fail(
          "answers the same images differently twice; expected a model without randomness of its own, for a report "
          "could not be repeated");
    }
    // A traced model may have kept the size of its example's batch, and one that squeezes its features fails on a last
    // batch of one image.
    for (const int64_t count : {3, 1}) {
      const at::Tensor others = model.forward(images.slice(0, 0, count), {}).logits;
      const int64_t common = std::min<int64_t>(count, 2);
      if (!at::allclose(others.slice(0, 0, common), logits.detach().slice(0, 0, common), 1e-3, 1e-3)) {
        fail("an image's answer depends on the images beside it; expected a model in which it does not");
      }
    }
  } catch (const InputError&) {
    throw;
  } catch (const RunError& error) {  // no run has begun: it is the user's file that is wrong
    throw InputError(error.what());
  } catch (const std::exception& error) {
    fail(fmt::format("fails on images of {}: {}", fmt::join(card.input, "x"), script_failure(error)));
  }
}

}  // namespace aigis
