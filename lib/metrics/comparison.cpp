#include "lib/metrics/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

namespace aigis {
namespace {

double ln_factorial(int64_t n) { return std::lgamma(static_cast<double>(n) + 1); }

}  // namespace

double binomial_tail(int64_t k, int64_t n, double p) {
  if (k >= n) return 1;
  if (p <= 0 || p >= 1) return p <= 0 ? 1 : 0;
  double sum = 0;
  for (int64_t i = 0; i <= k; ++i) {
    sum += std::exp(ln_factorial(n) - ln_factorial(i) - ln_factorial(n - i) + static_cast<double>(i) * std::log(p) +
                    static_cast<double>(n - i) * std::log1p(-p));
  }
  return std::min(1.0, sum);
}

void PairedComparison::add(int64_t hits_a, int64_t draws_a, int64_t hits_b, int64_t draws_b) {
  add(static_cast<double>(hits_a) / static_cast<double>(draws_a) -
      static_cast<double>(hits_b) / static_cast<double>(draws_b));
  fractional_ = fractional_ || draws_a > 1 || draws_b > 1;
}

void PairedComparison::add(double difference) {
  ++images_;
  ahead_ += difference > 0;
  behind_ += difference < 0;
  fractional_ = fractional_ || (difference != 0 && std::abs(difference) != 1);
  sum_ += difference;
  sum_of_squares_ += difference * difference;
}

double PairedComparison::difference() const { return images_ == 0 ? 0 : sum_ / static_cast<double>(images_); }

std::pair<double, double> PairedComparison::adjusted() const {
  const double n = static_cast<double>(images_) + 2, mean = sum_ / n;
  return {mean, std::sqrt(((sum_of_squares_ + 2) / n - mean * mean) / n)};
}

Interval PairedComparison::interval() const {
  const auto [mean, error] = adjusted();
  return {std::max(-1.0, mean - kNormal95 * error), std::min(1.0, mean + kNormal95 * error)};
}

double PairedComparison::p_value() const {
  if (ahead_ + behind_ == 0) return 1;
  if (!fractional_) return std::min(1.0, 2 * binomial_tail(std::min(ahead_, behind_), ahead_ + behind_, 0.5));
  const auto [mean, error] = adjusted();
  return std::erfc(std::abs(mean) / error / std::sqrt(2.0));
}

double sign_flip_p(const std::vector<int64_t>& given) {
  int64_t unit = 0;  // that all of them are multiples of
  for (const int64_t d : given) unit = std::gcd(unit, d);
  if (unit == 0) return 1;
  std::vector<int64_t> differences;
  for (const int64_t d : given) differences.push_back(d / unit);
  int64_t sum = 0, all = 0;
  for (const int64_t d : differences) {
    sum += d;
    all += std::abs(d);
  }
  std::vector<double> chance(static_cast<size_t>(2 * all + 1), 0);  // of each sum from -all to all
  chance[static_cast<size_t>(all)] = 1;
  for (const int64_t d : differences) {
    if (d == 0) continue;
    std::vector<double> next(chance.size(), 0);
    for (size_t i = 0; i < chance.size(); ++i) {
      if (chance[i] == 0) continue;
      next[i + static_cast<size_t>(std::abs(d))] += chance[i] / 2;
      next[i - static_cast<size_t>(std::abs(d))] += chance[i] / 2;
    }
    chance = std::move(next);
  }
  double tail = 0;
  for (int64_t i = -all; i <= all; ++i) {
    if (std::abs(i) >= std::abs(sum)) tail += chance[static_cast<size_t>(i + all)];
  }
  return std::min(1.0, tail);
}

std::vector<double> holm(const std::vector<double>& p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double highest = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    highest = std::max(highest, static_cast<double>(order.size() - i) * p_values[order[i]]);
    adjusted[order[i]] = std::min(1.0, highest);
  }
  return adjusted;
}

}  // namespace aigis
