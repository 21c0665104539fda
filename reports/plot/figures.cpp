#include "reports/plot/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/core/error.h"
#include "lib/core/text.h"
#include "reports/plot/accuracy_figure.h"
#include "reports/plot/adaptivity_figure.h"
#include "reports/plot/attacks_figure.h"
#include "reports/plot/classes_figure.h"
#include "reports/plot/cost_figure.h"
#include "reports/plot/driven_figures.h"
#include "reports/plot/gates_figure.h"
#include "reports/plot/images_figure.h"
#include "reports/plot/layers_figure.h"
#include "reports/plot/modes_figure.h"
#include "reports/plot/queries_figure.h"
#include "reports/plot/swap_figure.h"
#include "reports/plot/training_figure.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

using Files = std::vector<Json>;

/// "aig-20 gates=argmax" as a file name.
std::string file_name(const std::string& label) {
  std::string name;
  for (const char c : label) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    if (plain) name += c;
    else if (!name.empty() && name.back() != '-') name += '-';
  }
  return name.substr(0, 80);
}

/// One figure of gates for each gated model of the reports.
std::vector<Figure> gates_of_each(const Files& files) {
  std::vector<Figure> figures;
  const RunList list = join_runs(files);
  for (size_t i = 0; i < list.models.size(); ++i) {
    RunList of_model = list;
    std::erase_if(of_model.runs,
                  [&](const PlottedRun& run) { return run.model != i || !at(*run.json, {"gates"}).is_object(); });
    if (of_model.runs.empty()) continue;
    const std::string name = fmt::format("gates-{}-{}", i + 1, file_name(list.models[i].label));
    figures.push_back(gates_figure(of_model, choose_gates(of_model, {}), name));
  }
  return figures;
}

using OfInspected = Figure (*)(const PlottedInspection&, const std::string&);

/// A figure that shows one inspected model with gates, where `shows` holds.
FigureKind of_one_model(
    const std::string& name, OfInspected draw,
    bool (*shows)(const PlottedInspection&) = [](const PlottedInspection&) { return true; }) {
  return {name,
          "aigis-inspect",
          {"model"},
          [name, draw](const Files& files, const PlotSelection& selection) {
            return draw(choose_inspected(files, selection), name);
          },
          [name, draw, shows](const Files& files) {
            std::vector<Figure> figures;
            const auto models = inspected_models(files);
            for (size_t i = 0; i < models.size(); ++i) {
              if (!models[i].gated() || !shows(models[i])) continue;
              figures.push_back(draw(models[i], fmt::format("{}-{}-{}", name, i + 1, file_name(models[i].label))));
            }
            return figures;
          }};
}

/// Figures of the runs that a selection lets through; the first of them for a selection.
FigureKind of_runs(const std::string& name, const std::string& needs, std::vector<Figure> (*draw)(const RunList&)) {
  return {name,
          "aigis-report",
          {"model", "attack", "defense", "access"},
          [name, needs, draw](const Files& files, const PlotSelection& selection) {
            const auto figures = draw(select_runs(join_runs(files), selection));
            if (figures.empty()) throw InputError(fmt::format("figure '{}': needs {}", name, needs));
            return figures.front();
          },
          [draw](const Files& files) { return draw(join_runs(files)); }};
}

/// A figure without a choice.
FigureKind of_all(const std::string& name, const std::string& schema, Figure (*draw)(const Files&)) {
  return {name,
          schema,
          {},
          [draw](const Files& files, const PlotSelection&) { return draw(files); },
          [draw](const Files& files) { return std::vector{draw(files)}; }};
}

std::vector<std::string> names_of(const std::vector<FigureKind>& kinds) {
  std::vector<std::string> names;
  for (const auto& kind : kinds) names.push_back(kind.name);
  return names;
}

/// The flags that were given and that a kind does not heed.
std::vector<std::string> unheeded(const FigureKind& kind, const PlotSelection& selection) {
  std::vector<std::string> flags = selection.given();
  std::erase_if(flags,
                [&](const auto& f) { return std::find(kind.takes.begin(), kind.takes.end(), f) != kind.takes.end(); });
  return flags;
}

}  // namespace

const std::vector<FigureKind>& figure_kinds() {
  static const std::vector<FigureKind> kinds{
      {"accuracy",
       "aigis-report",
       {"model", "attack", "defense", "access"},
       [](const Files& files, const PlotSelection& s) { return accuracy_figure(select_runs(join_runs(files), s)); },
       [](const Files& files) { return std::vector{accuracy_figure(join_runs(files))}; }},
      {"attacks",
       "aigis-report",
       {"model", "attack", "defense", "access"},
       [](const Files& files, const PlotSelection& s) { return attacks_figure(select_runs(join_runs(files), s)); },
       [](const Files& files) {
         const RunList list = join_runs(files);
         return list.attacks().size() > 1 ? std::vector{attacks_figure(list)} : std::vector<Figure>{};
       }},
      {"gates",
       "aigis-report",
       {"class", "eps", "model", "attack", "defense", "access"},
       [](const Files& files, const PlotSelection& selection) {
         const RunList list = join_runs(files);
         return gates_figure(list, choose_gates(list, selection));
       },
       gates_of_each},
      {"queries",
       "aigis-report",
       {"model", "attack", "defense", "access"},
       [](const Files& files, const PlotSelection& s) { return queries_figure(select_runs(join_runs(files), s)); },
       [](const Files& files) {
         const RunList list = join_runs(files);
         const bool some = std::any_of(list.runs.begin(), list.runs.end(), counts_queries);
         return some ? std::vector{queries_figure(list)} : std::vector<Figure>{};
       }},
      of_runs("rates", "runs with several attacks on a gated model", rates_figures),
      of_runs("spent", "runs with several attacks on a gated model, of report version 1.5", spent_figures),
      of_runs("compute", "runs with several attacks on a gated model", compute_figures),
      of_runs("swap", "a run that swapped gates (--gate-swap true)", swap_figures),
      of_all("training", "aigis-train", training_figure),
      of_all("cost", "aigis-inspect", [](const Files& files) { return cost_figure(inspected_models(files)); }),
      of_all("modes", "aigis-inspect", [](const Files& files) { return modes_figure(inspected_models(files)); }),
      of_one_model("classes", classes_figure),
      of_one_model("layers", layers_figure),
      of_one_model("adaptivity", adaptivity_figure, is_random),
      of_one_model("images", images_figure, has_pictures),
  };
  return kinds;
}

bool holds(const Files& files, const std::string& schema) {
  return std::any_of(files.begin(), files.end(), [&](const Json& file) { return text_at(file, {"schema"}) == schema; });
}

Figure chosen_figure(const Files& files, const PlotSelection& selection) {
  const auto& kinds = figure_kinds();
  const auto fits = [&](const FigureKind& kind) {
    return selection.figure.empty() ? holds(files, kind.schema) && unheeded(kind, selection).empty()
                                    : kind.name == selection.figure;
  };
  const auto kind = std::find_if(kinds.begin(), kinds.end(), fits);
  if (kind == kinds.end()) {
    if (!selection.figure.empty()) throw InputError(unknown_name("figure", selection.figure, names_of(kinds)));
    throw InputError(fmt::format("no figure of these files heeds --{} together", join(selection.given(), ", --")));
  }
  if (const auto flags = unheeded(*kind, selection); !flags.empty()) {
    throw InputError(fmt::format("figure '{}': does not heed --{}; it takes {}", kind->name, flags.front(),
                                 kind->takes.empty() ? "no choice" : "--" + join(kind->takes, ", --")));
  }
  if (!holds(files, kind->schema)) {
    const std::string file = kind->schema == "aigis-report"  ? "a report"
                             : kind->schema == "aigis-train" ? "a train.json"
                                                             : "an inspect.json";
    throw InputError(fmt::format("figure '{}': needs {}", kind->name, file));
  }
  return kind->one(files, selection);
}

}  // namespace aigis::plotting
