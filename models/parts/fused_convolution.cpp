#include "models/parts/fused_convolution.h"

#include <ATen/Context.h>
#include <ATen/Version.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/native/ConvUtils.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/mkldnn_reorder_conv2d_weight.h>

#include <array>
#include <optional>
#include <string_view>

namespace aigis {
namespace {

// LibTorch declares these operators in no header.
using Scalars = c10::List<std::optional<at::Scalar>>;
using Convolve = at::Tensor(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                            at::IntArrayRef padding, at::IntArrayRef stride, at::IntArrayRef dilation, int64_t groups,
                            std::string_view unary, Scalars unary_scalars,
                            std::optional<std::string_view> unary_algorithm);
using ConvolveOnto = at::Tensor&(at::Tensor& other, const at::Tensor& x, const at::Tensor& weight,
                                 const std::optional<at::Tensor>& bias, at::IntArrayRef padding, at::IntArrayRef stride,
                                 at::IntArrayRef dilation, int64_t groups, std::string_view binary,
                                 std::optional<at::Scalar> alpha, std::optional<std::string_view> unary,
                                 Scalars unary_scalars, std::optional<std::string_view> unary_algorithm);

template <class Signature>
c10::TypedOperatorHandle<Signature> find_operator(const char* name, const char* overload) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, overload).template typed<Signature>();
}

/// Before AVX2 oneDNN's kernels start from the sum instead of ending with it, which rounds otherwise.
bool has_fused_kernels() { return at::hasMKLDNN() && at::get_cpu_capability().starts_with("AVX"); }

}  // namespace

FusedConvolution::FusedConvolution(const at::Tensor& weight, at::Tensor bias, int64_t stride, int64_t padding)
    : weight_(weight.contiguous(at::MemoryFormat::ChannelsLast)), bias_(std::move(bias)), stride_(stride),
      padding_(padding) {
  if (weight_.is_cpu() && weight_.scalar_type() == at::kFloat && has_fused_kernels()) {
    packed_weight_ = at::mkldnn_reorder_conv2d_weight(weight_.to_mkldnn(), padding_, stride_);
  }
}

bool FusedConvolution::can_fuse(const at::Tensor& x, const at::Tensor& sum) const {
  const bool keeps_gradient = at::GradMode::is_enabled() && (x.requires_grad() || sum.requires_grad());
  if (!packed_weight_.defined() || keeps_gradient || at::autocast::is_autocast_enabled(at::kCPU)) return false;
  // Where LibTorch prefers other kernels, as for a single small image, theirs are the bits to give.
  const std::array<c10::SymInt, 2> stride{stride_, stride_}, padding{padding_, padding_}, dilation{1, 1}, none{0, 0};
  return x.suggest_memory_format() == at::MemoryFormat::ChannelsLast &&
         at::native::select_conv_backend(x, weight_, bias_, stride, padding, dilation, false, none, 1, c10::nullopt) ==
             at::native::ConvBackend::Mkldnn;
}

at::Tensor FusedConvolution::operator()(const at::Tensor& x, at::Tensor sum) const {
  if (!can_fuse(x, sum)) return add_onto(at::conv2d(x, weight_, bias_, stride_, padding_), sum);
  static const auto convolve = find_operator<Convolve>("mkldnn::_convolution_pointwise", "");
  static const auto convolve_onto = find_operator<ConvolveOnto>("mkldnn::_convolution_pointwise_", "binary");
  const std::array<int64_t, 2> stride{stride_, stride_}, padding{padding_, padding_}, dilation{1, 1};
  if (!sum.defined()) {
    return convolve.call(x, packed_weight_, bias_, padding, stride, dilation, 1, "none", Scalars(), c10::nullopt);
  }
  return convolve_onto.call(sum, x, packed_weight_, bias_, padding, stride, dilation, 1, "add", c10::nullopt,
                            c10::nullopt, Scalars(), c10::nullopt);
}

}  // namespace aigis
