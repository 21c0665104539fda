#include "lib/metrics/student.h"

#include <cmath>
#include <numbers>

namespace aigis {
namespace {

/// The probability of t between -sqrt(degrees) tan(angle) and that (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4).
double within_angle(double angle, int64_t degrees) {
  const double sine = std::sin(angle), cosine = std::cos(angle);
  const int64_t first = degrees % 2;
  double sum = 0, term = first == 1 ? cosine : 1;
  for (int64_t k = first; k <= degrees - 2; k += 2) {
    if (k > first) term *= static_cast<double>(k - 1) / static_cast<double>(k) * cosine * cosine;
    sum += term;
  }
  return first == 1 ? 2 / std::numbers::pi * (angle + sine * sum) : sine * sum;
}

}  // namespace

double student_quantile(int64_t degrees, double centre) {
  constexpr int kHalvings = 60;
  double low = 0, high = std::numbers::pi / 2;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    if (within_angle(middle, degrees) < centre) low = middle;
    else high = middle;
  }
  return std::sqrt(static_cast<double>(degrees)) * std::tan(low);
}

Interval student_interval(const std::vector<double>& values, double confidence) {
  const double mean = mean_of(values), error = mean_interval(values).standard_error();
  if (error == 0) return {mean, mean};
  const double half = student_quantile(static_cast<int64_t>(values.size()) - 1, confidence) * error;
  return {mean - half, mean + half};
}

}  // namespace aigis
