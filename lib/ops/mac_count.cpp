#include "lib/ops/mac_count.h"

#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>

#include <memory>
#include <string_view>

namespace aigis {
namespace {

thread_local int64_t counted = 0;

struct Operation : at::ObserverContext {
  int64_t for_each_output = 0;  ///< multiply-accumulates that one element of the result takes
};

int64_t for_each_output(std::string_view name, c10::ArrayRef<const c10::IValue> inputs) {
  const auto size = [&](size_t input, int64_t dimension) { return inputs[input].toTensor().size(dimension); };
  if (name == "aten::_convolution") {
    const at::Tensor& weight = inputs[1].toTensor();
    return weight.numel() / weight.size(0);
  }
  if (name == "aten::mm") return size(0, 1);
  if (name == "aten::addmm") return size(1, 1);
  if (name == "aten::bmm") return size(0, 2);
  if (name == "aten::baddbmm") return size(1, 2);
  return 0;
}

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& function) {
  auto operation = std::make_unique<Operation>();
  // An interpreter hands over its whole stack, of which the last values are the operation's.
  const auto stack = function.inputs();
  operation->for_each_output = for_each_output(function.name(), stack.slice(stack.size() - function.num_inputs()));
  return operation;
}

void end(const at::RecordFunction& function, at::ObserverContext* context) {
  const int64_t macs = static_cast<const Operation*>(context)->for_each_output;
  if (macs == 0 || function.outputs().empty()) return;  // empty: it threw
  counted += macs * function.outputs().back().toTensor().numel();
}

}  // namespace

int64_t count_macs(const std::function<void()>& run) {
  struct Counting {
    at::CallbackHandle handle = at::addThreadLocalCallback(at::RecordFunctionCallback(begin, end)
                                                               .needsInputs(true)
                                                               .needsOutputs(true)
                                                               .scopes({at::RecordScope::FUNCTION}));
    ~Counting() { at::removeCallback(handle); }
  } const counting;
  counted = 0;
  run();
  return counted;
}

}  // namespace aigis
