// What to draw where a figure shows one choice of many.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace aigis {

/// What is empty is chosen by the figure.
struct PlotSelection {
  std::string figure = {};             ///< of figure_kinds(); empty: the first that can be drawn
  std::string class_name = {};         ///< gates: one class; empty: all images
  std::optional<double> epsilon = {};  ///< gates: a budget that was run; empty: the nearest to 12/255
  std::string model = {};              ///< an id, or the short name that figures show
  std::string attack = {}, defense = {}, access = {};

  bool empty() const { return figure.empty() && given().empty(); }
  /// The names of the flags, but for --figure, that are not empty.
  std::vector<std::string> given() const {
    std::vector<std::string> flags;
    const auto add = [&](const char* flag, bool is_given) {
      if (is_given) flags.emplace_back(flag);
    };
    add("class", !class_name.empty());
    add("eps", epsilon.has_value());
    add("model", !model.empty());
    add("attack", !attack.empty());
    add("defense", !defense.empty());
    add("access", !access.empty());
    return flags;
  }
};

}  // namespace aigis
