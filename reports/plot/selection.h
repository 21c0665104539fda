// What to draw where a figure shows one choice of many.
#pragma once

#include <optional>
#include <string>

namespace aigis {

/// What is empty is chosen by the figure.
struct PlotSelection {
  std::string figure = {};             ///< "accuracy", "gates" or "training"; empty: the first that can be drawn
  std::string class_name = {};         ///< gates: one class; empty: all images
  std::optional<double> epsilon = {};  ///< gates: a budget that was run; empty: the nearest to 12/255
  std::string model = {};              ///< an id, or the short name that figures show
  std::string attack = {}, defense = {}, access = {};

  bool empty() const {
    return figure.empty() && class_name.empty() && !epsilon && model.empty() && attack.empty() && defense.empty() &&
           access.empty();
  }
};

}  // namespace aigis
