#include "reports/plot/accuracy_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "lib/core/text.h"
#include "reports/plot/budget_axis.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

constexpr size_t kMostLines = 12;  ///< that an eye can follow in one panel
constexpr double kTitleHeight = 66, kAxisHeight = 48, kGap = 14;

/// The runs of one panel.
struct Facet {
  std::string attack, norm, setting;  ///< setting is empty where the panel holds all of them
  std::vector<const PlottedRun*> runs;
};

using LineKey = std::pair<size_t, std::string>;  ///< model and setting

std::set<LineKey> lines_of(const Facet& facet) {
  std::set<LineKey> lines;
  for (const auto* run : facet.runs) lines.emplace(run->model, run->setting);
  return lines;
}

std::vector<Facet> facets_of(const RunList& list) {
  const bool attacked = std::any_of(list.runs.begin(), list.runs.end(), [](const auto& run) { return run.attacked(); });
  std::vector<Facet> facets;
  const auto add = [&](const PlottedRun& run, const std::string& setting) {
    auto facet = std::find_if(facets.begin(), facets.end(), [&](const Facet& f) {
      return f.attack == run.attack && f.norm == run.norm && f.setting == setting;
    });
    if (facet == facets.end()) facet = facets.insert(facet, {run.attack, run.norm, setting, {}});
    facet->runs.push_back(&run);
  };
  for (const auto& run : list.runs) {
    if (run.attacked() || !attacked) add(run, "");
  }
  if (std::none_of(facets.begin(), facets.end(), [](const Facet& f) { return lines_of(f).size() > kMostLines; })) {
    return facets;
  }
  facets.clear();
  for (const auto& run : list.runs) {
    if (run.attacked() || !attacked) add(run, run.setting);
  }
  return facets;
}

void add_point(LineSeries& line, double x, const Json& proportion, const std::string& tooltip) {
  const auto share = share_of(proportion);
  if (!share) return;
  line.points.push_back({x, share->value, share->low, share->high, tooltip + ": " + percent(share)});
}

std::vector<LineSeries> series_of(const Facet& facet, const RunList& list, const std::vector<std::string>& settings) {
  std::vector<LineSeries> series;
  for (const auto& [model, setting] : lines_of(facet)) {
    LineSeries line;
    line.label = list.models[model].label + (facet.setting.empty() ? ", " + setting : "");
    line.color = model;
    line.style = static_cast<size_t>(std::find(settings.begin(), settings.end(), setting) - settings.begin());
    const std::string name = list.models[model].label + ", " + setting;
    std::map<double, const PlottedRun*> runs;
    for (const auto* run : facet.runs) {
      if (run->model == model && run->setting == setting) runs[run->epsilon] = run;
    }
    // At budget 0 stands the clean accuracy, whichever run measured it.
    add_point(line, 0, at(*runs.begin()->second->json, {"accuracy", "clean"}), name + ", clean");
    for (const auto& [epsilon, run] : runs) {
      if (epsilon == 0) continue;
      add_point(line, on_budget_axis(epsilon, facet.norm), at(*run->json, {"accuracy", "robust"}),
                fmt::format("{}, ε {}", name, epsilon_text(epsilon, facet.norm)));
    }
    series.push_back(std::move(line));
  }
  return series;
}

std::string title_of(const Facet& facet) {
  const std::string attack = facet.attack == "none" ? "no attack" : facet.attack;
  return "Accuracy under " + attack + (facet.setting.empty() ? "" : "; " + facet.setting);
}

std::string subtitle_of(const Facet& facet, bool bands) {
  std::set<std::string> counts;
  for (const auto* run : facet.runs) counts.insert(text_at(*run->json, {"count"}));
  return fmt::format("Each point: {} images{}; clean accuracy at 0", join({counts.begin(), counts.end()}, " or "),
                     bands ? "; shaded: 95 % interval" : "");
}

LinePanel panel_of(const Facet& facet, const std::vector<LineSeries>& series) {
  LinePanel panel;
  panel.title = title_of(facet);
  panel.bands = series.size() <= kMostLines;
  panel.subtitle = subtitle_of(facet, panel.bands);
  panel.y_label = "Accuracy (%)";
  panel.y_ticks = {0, 0.2, 0.4, 0.6, 0.8, 1};
  panel.y_unit = 0.01;
  set_budget_axis(panel, series, facet.norm);
  panel.label_size = panel.bands ? 12 : 10;
  panel.height = std::max(panel.height, label_height(series.size(), panel.label_size));
  panel.label_width = label_width(series, panel.label_size);
  return panel;
}

/// What the lines say, in words, while they are few enough to be read out.
std::string described(const std::vector<LineSeries>& series) {
  std::vector<std::string> sentences;
  for (const auto& line : series) {
    if (line.points.empty() || sentences.size() == kMostLines) continue;
    sentences.push_back(fmt::format("{}: {} clean, {} at the largest budget.", line.label,
                                    percent(std::optional(line.points.front().y)),
                                    percent(std::optional(line.points.back().y))));
  }
  return join(sentences, " ");
}

}  // namespace

Figure accuracy_figure(const RunList& list) {
  Figure figure{"accuracy", "Accuracy against the budget of the attack", "", 0, kGap, ""};
  const auto settings = list.settings();
  const auto facets = facets_of(list);
  Canvas canvas;
  for (const auto& facet : facets) {
    const auto series = series_of(facet, list, settings);
    LinePanel panel = panel_of(facet, series);
    panel.top = figure.height + kTitleHeight;
    draw_lines(canvas, panel, series);
    figure.height = panel.top + panel.height + kAxisHeight + kGap;
    figure.width = std::max(figure.width, width_around(panel));
    if (!figure.description.empty()) figure.description += " ";
    figure.description += title_of(facet) + ". " + described(series);
  }
  if (facets.empty()) {
    canvas.text(16, 40, "The reports hold no runs.", {.paint = paint::soft});
    figure.width = 520;
    figure.height = 64;
    figure.description = "The reports hold no runs.";
  }
  figure.elements = canvas.elements();
  return figure;
}

}  // namespace aigis::plotting
