#include "lib/ops/replace_forward.h"

#include <torch/csrc/autograd/custom_function.h>

namespace aigis {
namespace {

struct ReplaceForward : torch::autograd::Function<ReplaceForward> {
  static at::Tensor forward(torch::autograd::AutogradContext*, const at::Tensor&, const at::Tensor& value) {
    return value.clone();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                 torch::autograd::variable_list gradient) {
    return {gradient[0], at::Tensor()};
  }
};

}  // namespace

at::Tensor replace_forward(const at::Tensor& input, const at::Tensor& value) {
  return ReplaceForward::apply(input, value.detach());
}

}  // namespace aigis
