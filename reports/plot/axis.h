// From values to positions on paper, and where to write them.
#pragma once

#include <string>
#include <vector>

namespace aigis::plotting {

enum class Scale {
  linear,
  log1p,  ///< log(1 + value): keeps zero and spreads small values
};

class Axis {
 public:
  /// Values `low` … `high` lie at positions `begin` … `end`; an empty range is widened.
  Axis(double low, double high, double begin, double end, Scale scale = Scale::linear);

  double at(double value) const;
  double low() const { return low_; }
  double high() const { return high_; }
  double begin() const { return begin_; }
  double end() const { return end_; }

  /// At most `most` round values within the range.
  std::vector<double> round_values(int most) const;
  /// Those of `values` whose labels find room side by side, `size` being the size of the letters.
  std::vector<double> labels_that_fit(std::vector<double> values, double size) const;

 private:
  double low_, high_, begin_, end_;
  Scale scale_;
};

/// Round values within [0, 1] whose first and last enclose `low` and `high`, with some room.
std::vector<double> share_ticks(double low, double high, int most);

/// A value as an axis names it: "0", "0.5", "25.5".
std::string tick_text(double value);

}  // namespace aigis::plotting
