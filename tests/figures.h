// Helpers of the tests that read figures back: matches and the scales of axes.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <regex>

#include "lib/core/files.h"
#include "tests/sample_report.h"

namespace aigis {

namespace fs = std::filesystem;

/// Runs a Python program on a text; it judges by its exit code.
inline bool python_accepts(const std::string& program, const std::string& text) {
  write_file(scratch("judged"), text);
  write_file(scratch("judge.py"), program);
  const std::string command = fmt::format("'{}' '{}' '{}'", AIGIS_PYTHON, scratch("judge.py"), scratch("judged"));
  return std::system(command.c_str()) == 0;
}

inline bool is_xml(const std::string& text) {
  return python_accepts("import sys, xml.dom.minidom\nxml.dom.minidom.parse(sys.argv[1])\n", text);
}

/// The matches refer to `text`, which must outlive them.
inline std::vector<std::smatch> matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  return {std::sregex_iterator(text.begin(), text.end(), regex), std::sregex_iterator()};
}

/// Value of a position, from two labels of an axis.
struct Ruler {
  double value0, position0, value1, position1;
  double read(double position) const {
    return value0 + (position - position0) / (position1 - position0) * (value1 - value0);
  }
};

/// `axis` is "x" or "y"; labels of y stand 4 below their line.
inline Ruler ruler(const std::string& svg, const std::string& axis) {
  std::vector<std::pair<double, double>> labels;
  for (const auto& match :
       matches(svg, "<text x=\"([-0-9.]+)\" y=\"([-0-9.]+)\"[^>]*data-axis=\"" + axis + "\">([-0-9.]+)</text>")) {
    const double position = axis == "x" ? std::stod(match[1]) : std::stod(match[2]) - 4;
    labels.emplace_back(std::stod(match[3]), position);
  }
  EXPECT_GE(labels.size(), 2u);
  return {labels.front().first, labels.front().second, labels.back().first, labels.back().second};
}

/// Elements of the line with a name.
inline std::string series(const std::string& svg, const std::string& name) {
  const auto begin = svg.find("data-series=\"" + name + "\"");
  EXPECT_NE(begin, std::string::npos) << name;
  return svg.substr(begin, svg.find("</g>", begin) - begin);
}

using Point = std::pair<double, double>;

/// Where the points of lines are drawn.
inline std::vector<Point> points(const std::string& elements) {
  std::vector<Point> found;
  for (const auto& match : matches(elements, "class=\"point\" transform=\"translate\\(([-0-9.]+) ([-0-9.]+)\\)\"")) {
    found.emplace_back(std::stod(match[1]), std::stod(match[2]));
  }
  return found;
}

}  // namespace aigis
