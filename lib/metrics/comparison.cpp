#include "lib/metrics/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>

namespace aigis {
namespace {

constexpr int64_t kMostExact = 300;     // a sum of more is nearly normal
constexpr int64_t kMostSums = 200'000;  // counted in hundredths of a second

int64_t divided_up(int64_t number, int64_t by) { return (number + by - 1) / by; }

double ln_factorial(int64_t n) { return std::lgamma(static_cast<double>(n) + 1); }

/// The probability that those of the sizes that a fair coin picks come to `least` or more together.
double tail_of_sum(const std::vector<int64_t>& sizes, int64_t least) {
  std::vector<double> chance{1};  // of each sum
  for (const int64_t size : sizes) {
    const auto shift = static_cast<size_t>(size);
    chance.resize(chance.size() + shift, 0);
    for (size_t sum = chance.size(); sum-- > shift;) chance[sum] = (chance[sum] + chance[sum - shift]) / 2;
    for (size_t sum = 0; sum < shift; ++sum) chance[sum] /= 2;
  }
  return std::accumulate(chance.begin() + least, chance.end(), 0.0);
}

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

PairedComparison::PairedComparison(int64_t draws_a, int64_t draws_b)
    : whole_(std::lcm(draws_a, draws_b)), of_a_(whole_ / draws_a), of_b_(whole_ / draws_b) {}

void PairedComparison::add(int64_t hits_a, int64_t hits_b) { differences_.push_back(hits_a * of_a_ - hits_b * of_b_); }

double PairedComparison::sum() const {
  return static_cast<double>(std::accumulate(differences_.begin(), differences_.end(), int64_t{0})) /
         static_cast<double>(whole_);
}

double PairedComparison::difference() const { return images() == 0 ? 0 : sum() / static_cast<double>(images()); }

std::pair<double, double> PairedComparison::adjusted() const {
  double squares = 0;
  for (const int64_t d : differences_) {
    const double difference = static_cast<double>(d) / static_cast<double>(whole_);
    squares += difference * difference;
  }
  const double n = static_cast<double>(images()) + 2, mean = sum() / n;
  return {mean, std::sqrt(((squares + 2) / n - mean * mean) / n)};
}

Interval PairedComparison::interval() const {
  const auto [mean, error] = adjusted();
  return {std::max(-1.0, mean - kNormal95 * error), std::min(1.0, mean + kNormal95 * error)};
}

double sign_flip_p(const std::vector<int64_t>& differences) {
  std::vector<int64_t> sizes;
  int64_t sum = 0, unit = 0;  // that all of them are multiples of
  for (const int64_t d : differences) {
    if (d == 0) continue;
    sum += d;
    unit = std::gcd(unit, d);
    sizes.push_back(std::abs(d));
  }
  if (sizes.empty()) return 1;
  for (int64_t& size : sizes) size /= unit;
  const int64_t ahead = std::abs(sum) / unit, all = std::accumulate(sizes.begin(), sizes.end(), int64_t{0});
  const auto count = static_cast<int64_t>(sizes.size());
  if (all == count) return std::min(1.0, 2 * binomial_tail((count - ahead) / 2, count, 0.5));
  if (count > kMostExact) {
    double squares = 0;
    for (const int64_t size : sizes) squares += static_cast<double>(size) * static_cast<double>(size);
    return std::erfc(static_cast<double>(ahead) / std::sqrt(2 * squares));
  }
  // With sizes rounded up no sum gets smaller, so that those as large as the one found are all counted.
  const int64_t step = divided_up(all, kMostSums);
  for (int64_t& size : sizes) size = divided_up(size, step);
  return std::min(1.0, 2 * tail_of_sum(sizes, divided_up((all + ahead) / 2, step)));
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

std::vector<double> holm(const std::vector<double>& p_values, const std::vector<std::string>& families) {
  std::map<std::string, std::vector<size_t>> members;
  for (size_t i = 0; i < families.size(); ++i) members[families[i]].push_back(i);
  std::vector<double> adjusted(p_values.size());
  for (const auto& [family, places] : members) {
    std::vector<double> of_family;
    for (const size_t i : places) of_family.push_back(p_values[i]);
    of_family = holm(of_family);
    for (size_t i = 0; i < places.size(); ++i) adjusted[places[i]] = of_family[i];
  }
  return adjusted;
}

}  // namespace aigis
