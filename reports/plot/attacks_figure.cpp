#include "reports/plot/attacks_figure.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/plot/share_mark.h"

namespace aigis::plotting {
namespace {

constexpr double kPanelWidth = 190, kGap = 26, kRow = 22, kHeading = 26;

struct Mark {
  const PlottedRun* run;
  std::optional<Share> robust;
};

/// All runs of an attack behind one defense.
struct Row {
  std::string attack;
  std::vector<Mark> marks;

  /// The mean of the accuracies; 1 if there are none.
  double mean() const {
    double sum = 0, count = 0;
    for (const auto& mark : marks) {
      if (mark.robust) sum += mark.robust->value, ++count;
    }
    return count > 0 ? sum / count : 1;
  }
};

struct Group {
  std::string setting;
  std::vector<Row> rows;
};

std::vector<Group> groups_of(const RunList& list) {
  std::vector<Group> groups;
  for (const auto& run : list.runs) {
    if (run.is_clean()) continue;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.setting == run.setting; });
    if (group == groups.end()) group = groups.insert(group, {run.setting, {}});
    auto row =
        std::find_if(group->rows.begin(), group->rows.end(), [&](const Row& r) { return r.attack == run.attack; });
    if (row == group->rows.end()) row = group->rows.insert(row, {run.attack, {}});
    row->marks.push_back({&run, share_of(at(*run.json, {"accuracy", "robust"}))});
  }
  for (auto& group : groups) {
    std::stable_sort(group.rows.begin(), group.rows.end(),
                     [](const Row& a, const Row& b) { return a.mean() < b.mean(); });
  }
  return groups;
}

using Budget = std::pair<std::string, double>;  ///< norm and epsilon

std::vector<Budget> budgets_of(const std::vector<Group>& groups) {
  std::vector<Budget> budgets;
  for (const auto& group : groups) {
    for (const auto& row : group.rows) {
      for (const auto& mark : row.marks) budgets.emplace_back(mark.run->norm, mark.run->epsilon);
    }
  }
  std::sort(budgets.begin(), budgets.end());
  budgets.erase(std::unique(budgets.begin(), budgets.end()), budgets.end());
  return budgets;
}

std::vector<double> ticks_of(const std::vector<Group>& groups) {
  double high = 0.01;
  for (const auto& group : groups) {
    for (const auto& row : group.rows) {
      for (const auto& mark : row.marks) {
        if (mark.robust) high = std::max(high, mark.robust->high.value_or(mark.robust->value));
      }
    }
  }
  return share_ticks(0, high, 4);
}

}  // namespace

Figure attacks_figure(const RunList& list) {
  const auto groups = groups_of(list);
  const auto budgets = budgets_of(groups);
  const auto ticks = ticks_of(groups);
  double left = 60, height = 0;
  for (const auto& group : groups) {
    height += kHeading + kRow * static_cast<double>(group.rows.size());
    for (const auto& row : group.rows) left = std::max(left, text_width(row.attack, 12) + 40);
  }
  const double top = 74 + 18 * static_cast<double>(list.models.size()), bottom = top + height;
  Figure figure{"attacks", "Accuracy under each attack, the strongest first", "", 0, bottom + 50, ""};
  figure.width = left + std::max(1.0, static_cast<double>(budgets.size())) * (kPanelWidth + kGap) + 20;
  for (const auto& model : list.models) figure.width = std::max(figure.width, 26 + text_width(model.label, 12) + 8);
  for (const auto& group : groups) figure.width = std::max(figure.width, 8 + bold_width(group.setting, 12) + 8);
  Canvas canvas;
  draw_title(canvas, figure);
  for (size_t m = 0; m < list.models.size(); ++m) {
    const double y = 44 + 18 * static_cast<double>(m);
    canvas.begin(series_color(m)).diamond(14, y - 4, "key").end();
    canvas.text(26, y, list.models[m].label, {});
  }
  const auto panel = [&](size_t b) { return left + static_cast<double>(b) * (kPanelWidth + kGap); };
  for (size_t b = 0; b < budgets.size(); ++b) {
    const Axis x(ticks.front(), ticks.back(), panel(b), panel(b) + kPanelWidth);
    const auto& [norm, epsilon] = budgets[b];
    canvas.text(panel(b) + kPanelWidth / 2, top - 10,
                fmt::format("ε {}{}", epsilon_text(epsilon, norm), norm == "linf" ? "" : " (" + norm + ")"),
                {.anchor = "middle", .bold = true});
    for (const double tick : ticks) {
      canvas.line(x.at(tick), top, x.at(tick), bottom, paint::grid);
      canvas.text(x.at(tick), bottom + 16, tick_text(100 * tick), {.anchor = "middle", .paint = paint::soft},
                  b == 0 ? "data-axis=\"x\"" : "");
    }
    canvas.text(panel(b) + kPanelWidth / 2, bottom + 34, "Accuracy (%) [95 %]",
                {.anchor = "middle", .paint = paint::soft});
  }
  double y = top;
  for (const auto& group : groups) {
    canvas.text(8, y + 17, group.setting, {.bold = true});
    y += kHeading;
    for (const auto& row : group.rows) {
      canvas.text(left - 14, y + kRow / 2 + 4, row.attack, {.anchor = "end"}, "data-attack=\"\"");
      for (const auto& [run, robust] : row.marks) {
        if (!robust) continue;
        const auto b = static_cast<size_t>(std::find(budgets.begin(), budgets.end(), Budget(run->norm, run->epsilon)) -
                                           budgets.begin());
        const Axis x(ticks.front(), ticks.back(), panel(b), panel(b) + kPanelWidth);
        // Models share the row, one below the other.
        const double shift = (static_cast<double>(run->model) + 0.5) / static_cast<double>(list.models.size()) - 0.5;
        canvas.begin(series_color(run->model));
        draw_share(canvas, x, y + kRow / 2 + shift * kRow * 0.7, *robust, "attack",
                   fmt::format("{}, {}, {}, ε {}: {}", list.models[run->model].label, run->attack, run->setting,
                               epsilon_text(run->epsilon, run->norm), percent(robust)));
        canvas.end();
      }
      y += kRow;
    }
    if (!group.rows.empty()) {
      figure.description += fmt::format("{}{}: strongest {}, weakest {}.", figure.description.empty() ? "" : " ",
                                        group.setting, group.rows.front().attack, group.rows.back().attack);
    }
  }
  figure.elements = canvas.elements();
  return figure;
}

}  // namespace aigis::plotting
