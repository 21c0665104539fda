#include "attacks/parts/hyperplane.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "attacks/parts/hyperplane_at_once.h"

namespace aigis {
namespace {

/// The sum of term(0) to term(count - 1): several sums side by side, as an addition waits for the one before it.
template <class Term>
double sum_of(size_t count, const Term& term) {
  std::array<double, 8> sums{};
  size_t i = 0;
  for (; i + sums.size() <= count; i += sums.size()) {
    for (size_t k = 0; k < sums.size(); ++k) sums[k] += term(i + k);
  }
  for (; i < count; ++i) sums[0] += term(i);
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// The level at which sum_i slope(i) min(level, ends[i]) is `wanted`, the largest end where even that is too little;
/// slopes are not negative. The sum is concave in the level: Newton's steps from 0 never pass the one wanted, and stand
/// on it as soon as they are on its segment, mostly after three or four; sorting the ends takes longer.
template <class Slope>
double rising_level(const Slope& slope, const std::vector<double>& ends, double wanted) {
  const double most = *std::max_element(ends.begin(), ends.end());
  double level = 0;
  for (;;) {
    const double reached = sum_of(ends.size(), [&](size_t i) { return slope(i) * std::min(ends[i], level); });
    const double rising = sum_of(ends.size(), [&](size_t i) { return ends[i] > level ? slope(i) : 0.0; });
    const double step = rising > 0 ? std::max(wanted - reached, 0.0) / rising : most;
    const double next = std::min(level + step, most);
    if (!(next > level)) return level;
    level = next;
  }
}

/// The way of one row to its hyperplane; used again for the next one.
class Way {
 public:
  explicit Way(size_t elements)
      : steep_(elements), room_(elements), length_(elements), ends_(elements), order_(elements) {}

  template <class T>
  void find(const T* x, const T* w, double b, Norm norm, T* change) {
    const size_t count = steep_.size();
    const double excess =
        sum_of(count, [&](size_t i) { return static_cast<double>(w[i]) * static_cast<double>(x[i]); }) - b;
    // All elements move so that w.x comes down by |excess|, each at most to its end of the box.
    const double uphill = excess >= 0 ? 1 : -1;
    for (size_t i = 0; i < count; ++i) {
      const double slope = uphill * static_cast<double>(w[i]), at_x = static_cast<double>(x[i]);
      steep_[i] = std::abs(slope);
      room_[i] = slope > 0 ? at_x : 1 - at_x;
    }
    set_lengths(norm, std::abs(excess));
    for (size_t i = 0; i < count; ++i) {
      const double slope = uphill * static_cast<double>(w[i]);
      change[i] = static_cast<T>(slope > 0 ? -length_[i] : slope < 0 ? length_[i] : 0.0);
    }
  }

 private:
  void set_lengths(Norm norm, double wanted) {
    switch (norm) {
      case Norm::linf: return by_the_same_amount(wanted);
      case Norm::l2: return in_proportion_to_slopes(wanted);
      case Norm::l1: return steepest_first(wanted);
      case Norm::l0: break;
    }
    throw std::logic_error("no hyperplane steps in l0");
  }

  void by_the_same_amount(double wanted) {
    const double level = rising_level([&](size_t i) { return steep_[i]; }, room_, wanted);
    for (size_t i = 0; i < length_.size(); ++i) length_[i] = std::min(level, room_[i]);
  }

  void in_proportion_to_slopes(double wanted) {
    for (size_t i = 0; i < ends_.size(); ++i) ends_[i] = steep_[i] > 0 ? room_[i] / steep_[i] : 0;
    const double level = rising_level([&](size_t i) { return steep_[i] * steep_[i]; }, ends_, wanted);
    for (size_t i = 0; i < length_.size(); ++i) length_[i] = std::min(level * steep_[i], room_[i]);
  }

  /// Each as far as it can. A few will do, so they are not sorted but taken from a heap.
  void steepest_first(double wanted) {
    std::fill(length_.begin(), length_.end(), 0.0);
    std::iota(order_.begin(), order_.end(), size_t{0});
    const auto comes_later = [&](size_t a, size_t b) { return steep_[a] != steep_[b] ? steep_[a] < steep_[b] : a > b; };
    std::make_heap(order_.begin(), order_.end(), comes_later);
    for (auto end = order_.end(); wanted > 0 && end != order_.begin(); --end) {
      const size_t i = order_.front();
      if (steep_[i] == 0) return;
      length_[i] = std::min(wanted / steep_[i], room_[i]);
      wanted -= steep_[i] * room_[i];
      std::pop_heap(order_.begin(), end, comes_later);
    }
  }

  std::vector<double> steep_, room_;  ///< how fast an element brings w.x down, and how far it can
  std::vector<double> length_;        ///< how far it does
  std::vector<double> ends_;
  std::vector<size_t> order_;
};

/// On the CPU, each of type T. A row fits a core's cache, where all of them at once would pass through memory for each
/// operation.
template <class T>
at::Tensor row_by_row(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b, Norm norm) {
  const at::Tensor points = x.contiguous(), normals = w.contiguous(), levels = b.to(at::kDouble).contiguous();
  at::Tensor changes = at::empty_like(points);
  const T *const point = points.const_data_ptr<T>(), *const normal = normals.const_data_ptr<T>();
  const double* const level = levels.const_data_ptr<double>();
  T* const change = changes.mutable_data_ptr<T>();
  const int64_t elements = x.size(1);
  at::parallel_for(0, x.size(0), 1, [&](int64_t begin, int64_t end) {
    Way way(static_cast<size_t>(elements));
    for (int64_t row = begin; row < end; ++row) {
      const int64_t first = row * elements;
      way.find(point + first, normal + first, level[row], norm, change + first);
    }
  });
  return changes;
}

}  // namespace

at::Tensor change_onto_hyperplane(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b, Norm norm) {
  if (!x.device().is_cpu()) return change_of_all_at_once(x, w, b, norm);
  return x.scalar_type() == at::kDouble ? row_by_row<double>(x, w, b, norm) : row_by_row<float>(x, w, b, norm);
}

}  // namespace aigis
