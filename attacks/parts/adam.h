// Adam (Kingma & Ba, ICLR 2015, algorithm 1) over a batch of images, each of which may leave.
#pragma once

#include <cmath>

#include "attacks/parts/shrinking.h"

namespace aigis {

class Adam {
 public:
  /// What to take off the iterate, for a step size of 1.
  at::Tensor step(const at::Tensor& gradient) {
    constexpr double kFirst = 0.9, kSecond = 0.999, kTiny = 1e-8;
    const at::Tensor square = gradient.square() * (1 - kSecond), fresh = gradient * (1 - kFirst);
    first_ = first_.defined() ? first_ * kFirst + fresh : fresh;
    second_ = second_.defined() ? second_ * kSecond + square : square;
    ++steps_;
    const at::Tensor mean = first_ / (1 - std::pow(kFirst, steps_));
    return mean / ((second_ / (1 - std::pow(kSecond, steps_))).sqrt() + kTiny);
  }
  void keep(const at::Tensor& rows) { keep_rows(rows, {&first_, &second_}); }

 private:
  at::Tensor first_, second_;
  int64_t steps_ = 0;
};

}  // namespace aigis
