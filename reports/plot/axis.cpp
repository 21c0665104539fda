#include "reports/plot/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/plot/svg.h"

namespace aigis::plotting {

Axis::Axis(double low, double high, double begin, double end, Scale scale)
    : low_(low), high_(high > low ? high : low + 1), begin_(begin), end_(end), scale_(scale) {}

double Axis::at(double value) const {
  const auto scaled = [this](double v) { return scale_ == Scale::linear ? v : std::log1p(std::max(v, 0.0)); };
  const double share = (scaled(value) - scaled(low_)) / (scaled(high_) - scaled(low_));
  return begin_ + share * (end_ - begin_);
}

std::vector<double> Axis::round_values(int most) const {
  const double rough = (high_ - low_) / most, power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= rough * (1 - 1e-9)) step = factor * power;
  }
  std::vector<double> values;
  for (double n = std::ceil(low_ / step - 1e-9); n * step <= high_ + 1e-9 * step; ++n) values.push_back(n * step);
  return values;
}

std::vector<double> Axis::labels_that_fit(std::vector<double> values, double size) const {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  std::vector<double> kept;
  const auto clear = [&](double left, double right) {
    const double room = (text_width(tick_text(left), size) + text_width(tick_text(right), size)) / 2 + size / 2;
    return std::abs(at(right) - at(left)) >= room;
  };
  for (const double value : values) {
    const bool last = value == values.back();
    // The ends are named whatever happens: they are the range of the figure.
    while (last && kept.size() > 1 && !clear(kept.back(), value)) kept.pop_back();
    if (kept.empty() || clear(kept.back(), value)) kept.push_back(value);
  }
  return kept;
}

std::vector<double> share_ticks(double low, double high, int most) {
  const double room = std::max((high - low) * 0.1, 0.002);
  auto ticks = Axis(low - room, high + room, 0, 1).round_values(most);
  const double step = ticks.size() > 1 ? ticks[1] - ticks[0] : 0.01;
  while (ticks.front() > low) ticks.insert(ticks.begin(), ticks.front() - step);
  while (ticks.back() < high) ticks.push_back(ticks.back() + step);
  std::erase_if(ticks, [](double tick) { return tick < -1e-9 || tick > 1 + 1e-9; });
  return ticks;
}

std::string tick_text(double value) { return fmt::format("{:.4g}", std::round(value * 1e6) / 1e6 + 0.0); }

}  // namespace aigis::plotting
