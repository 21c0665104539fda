#include "lib/metrics/interval.h"

#include <algorithm>
#include <cmath>

namespace aigis {

Interval wilson(double successes, double trials, double z) {
  if (trials <= 0) return {};
  const double p = successes / trials, z2 = z * z;
  const double centre = (p + z2 / (2 * trials)) / (1 + z2 / trials);
  const double half = z / (1 + z2 / trials) * std::sqrt(p * (1 - p) / trials + z2 / (4 * trials * trials));
  // At the ends the closed form is exactly 0 or 1; rounding must not say otherwise.
  return {successes == 0 ? 0 : std::max(0.0, centre - half), successes == trials ? 1 : std::min(1.0, centre + half)};
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
  const double p = value();
  double effective = n;
  if (draws_ > 1 && images_ > 1) {
    const double mean_square = static_cast<double>(hits_squared_) / (static_cast<double>(draws_ * draws_) * n);
    const double variance_of_mean = (mean_square - p * p) / (n - 1);
    if (variance_of_mean > 0) {
      effective = std::clamp(p * (1 - p) / variance_of_mean, n, n * static_cast<double>(draws_));
    }
  }
  return wilson(p * effective, effective);
}

Json Proportion::to_json() const {
  if (images_ == 0) return {{"value", nullptr}, {"successes", 0}, {"trials", 0}, {"ci95", nullptr}};
  const Interval ci = interval();
  Json json{{"value", value()}, {"successes", successes()}, {"trials", images_}};
  json["ci95"] = {ci.low, ci.high};
  return json;
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
