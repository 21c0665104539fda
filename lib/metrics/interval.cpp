#include "lib/metrics/interval.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace aigis {
namespace {

/// Over so many images the rarer outcome must be spread for each trial that an image is to count for.
constexpr double kImagesForATrial = 20;

/// How much of an outcome the images have, each between none and all of it.
struct Spread {
  double sum = 0, squares = 0;

  void add(double part) {
    sum += part;
    squares += part * part;
  }
  double images() const { return squares > 0 ? sum * sum / squares : 0; }
};

/// How many trials an image may count for, by how many images have the rarer of two outcomes.
double trials_by_spread(const Spread& hits, const Spread& misses) {
  return std::min(hits.images(), misses.images()) / kImagesForATrial;
}

/// Wilson's for a mean `p` over `images` with so many trials as explain its variance: between one for each image and
/// `most`.
Interval effective_wilson(double p, double variance_of_mean, double images, double most) {
  const double effective = variance_of_mean > 0 ? std::clamp(p * (1 - p) / variance_of_mean, images, most) : images;
  return wilson(p * effective, effective);
}

/// Wilson's for a mean of shares, which may vary as little as they like: the gates of one image are unlike.
Interval share_wilson(double p, double variance_of_mean, double images, double known) {
  constexpr double kUnlimited = 1e18;
  return effective_wilson(p, variance_of_mean, images, known < 1 ? images : kUnlimited);
}

/// The variance of the mean of values; 0 for fewer than two, and for values that differ by no more than rounding does.
double variance_of_mean(const std::vector<double>& values) {
  constexpr double kRounding = 1e-12;
  if (values.size() < 2) return 0;
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  if (*greatest - *least <= kRounding) return 0;
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto n = static_cast<double>(values.size());
  return squares / (n * (n - 1));
}

}  // namespace

Interval wilson(double successes, double trials, double z) {
  if (trials <= 0) return {};
  const double p = successes / trials, z2 = z * z;
  const double centre = (p + z2 / (2 * trials)) / (1 + z2 / trials);
  const double half = z / (1 + z2 / trials) * std::sqrt(p * (1 - p) / trials + z2 / (4 * trials * trials));
  // At the ends the closed form is exactly 0 or 1; rounding must not say otherwise.
  return {successes == 0 ? 0 : std::max(0.0, centre - half), successes == trials ? 1 : std::min(1.0, centre + half)};
}

double mean_of(const std::vector<double>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Interval mean_share_interval(const std::vector<double>& shares) {
  if (shares.empty()) return {};
  Spread hits, misses;
  for (const double share : shares) {
    hits.add(share);
    misses.add(1 - share);
  }
  const double mean = std::clamp(mean_of(shares), 0.0, 1.0);
  return share_wilson(mean, variance_of_mean(shares), static_cast<double>(shares.size()),
                      trials_by_spread(hits, misses));
}

Interval mean_interval(const std::vector<double>& values) {
  const double mean = mean_of(values), half = kNormal95 * std::sqrt(variance_of_mean(values));
  return {mean - half, mean + half};
}

void Proportion::add(int64_t hits, int64_t draws) {
  images_ += 1;
  draws_ = draws;
  hits_ += hits;
  hits_squared_ += hits * hits;
}

void Proportion::merge(const Proportion& other) {
  if (other.images_ == 0) return;
  images_ += other.images_;
  draws_ = other.draws_;
  hits_ += other.hits_;
  hits_squared_ += other.hits_squared_;
}

double Proportion::successes() const { return static_cast<double>(hits_) / static_cast<double>(draws_); }

double Proportion::value() const { return images_ == 0 ? 0 : successes() / static_cast<double>(images_); }

Interval Proportion::interval() const {
  const auto n = static_cast<double>(images_);
  const double most = n * std::clamp(known_trials(), 1.0, static_cast<double>(draws_));
  return effective_wilson(value(), variance_of_value(), n, most);
}

Interval Proportion::share_interval() const {
  return share_wilson(value(), variance_of_value(), static_cast<double>(images_), known_trials());
}

double Proportion::variance_of_value() const {
  if (images_ < 2) return 0;
  const auto n = static_cast<double>(images_), draws = static_cast<double>(draws_);
  // In whole numbers, as equal images must have none.
  const int64_t squares = images_ * hits_squared_ - hits_ * hits_;
  return static_cast<double>(squares) / (n * n * (n - 1) * draws * draws);
}

double Proportion::known_trials() const {
  const int64_t misses = draws_ * images_ - hits_;
  const int64_t miss_squares = draws_ * draws_ * images_ - 2 * draws_ * hits_ + hits_squared_;
  return trials_by_spread({static_cast<double>(hits_), static_cast<double>(hits_squared_)},
                          {static_cast<double>(misses), static_cast<double>(miss_squares)});
}

Json Proportion::to_json() const {
  if (images_ == 0) return {{"value", nullptr}, {"successes", 0}, {"trials", 0}, {"ci95", nullptr}};
  return {{"value", value()}, {"successes", successes()}, {"trials", images_}, {"ci95", interval().to_json()}};
}

Json Proportion::counts() const { return {images_, draws_, hits_, hits_squared_}; }

Proportion Proportion::from_counts(const Json& counts) {
  Proportion p;
  p.images_ = counts.at(0);
  p.draws_ = counts.at(1);
  p.hits_ = counts.at(2);
  p.hits_squared_ = counts.at(3);
  return p;
}

}  // namespace aigis
