// at::Tensor and its arithmetic operators, without LibTorch's umbrella header (which costs 20 s a file).
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
