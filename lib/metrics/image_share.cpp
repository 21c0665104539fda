#include "lib/metrics/image_share.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace aigis {
namespace {

/// Noise of one image's mean over its draws, without bias: p(1-p)/(D-1) estimates Var(g|x)/D.
double noise(double p, double draws) { return p * (1 - p) / (draws - 1); }

}  // namespace

ImageShare::ImageShare(int64_t draws) {
  if (draws < 2) throw std::invalid_argument("a gate's share of variance needs at least 2 draws");
  images_.resize(static_cast<size_t>(draws + 1));
}

void ImageShare::add(int64_t open) { ++images_.at(static_cast<size_t>(open)); }

ImageShare::Moments ImageShare::moments() const {
  const auto draws = static_cast<double>(images_.size() - 1);
  double count = 0, sum = 0, squares = 0, noises = 0;
  for (size_t open = 0; open < images_.size(); ++open) {
    const auto n = static_cast<double>(images_[open]);
    const double p = static_cast<double>(open) / draws;
    count += n;
    sum += n * p;
    squares += n * p * p;
    noises += n * noise(p, draws);
  }
  if (count < 2) return {count, 0, 0, 0};
  const double mean = sum / count;
  const double spread = (squares - count * mean * mean) / (count - 1);
  return {count, mean, spread - noises / count, mean * (1 - mean)};
}

std::optional<double> ImageShare::value() const {
  const Moments m = moments();
  if (m.total <= 0) return std::nullopt;
  return std::clamp(m.between / m.total, 0.0, 1.0);
}

std::optional<Interval> ImageShare::interval() const {
  const Moments m = moments();
  if (m.total <= 0) return std::nullopt;
  const auto draws = static_cast<double>(images_.size() - 1);
  const double share = m.between / m.total;
  double squares = 0;
  for (size_t open = 0; open < images_.size(); ++open) {
    const double p = static_cast<double>(open) / draws, off = p - m.mean;
    const double of_between = off * off - noise(p, draws) - m.between;
    const double of_total = (1 - 2 * m.mean) * off;
    const double influence = (of_between - share * of_total) / m.total;
    squares += static_cast<double>(images_[open]) * influence * influence;
  }
  const double half = kNormal95 * std::sqrt(squares) / m.images;
  return Interval{std::clamp(share - half, 0.0, 1.0), std::clamp(share + half, 0.0, 1.0)};
}

}  // namespace aigis
