#include "reports/plot/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/core/text.h"
#include "reports/plot/accuracy_figure.h"
#include "reports/plot/gates_figure.h"
#include "reports/plot/training_figure.h"
#include "reports/plot/value.h"
#include "reports/schema.h"

namespace aigis {
namespace {

using namespace plotting;

bool holds(const std::vector<Json>& files, const std::string& schema) {
  return std::any_of(files.begin(), files.end(), [&](const Json& file) { return text_at(file, {"schema"}) == schema; });
}

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

Figure chosen_figure(const std::vector<Json>& files, const PlotSelection& selection) {
  const std::vector<std::string> known{"accuracy", "gates", "training"};
  const bool reports = holds(files, "aigis-report"), records = holds(files, "aigis-train");
  const bool of_gates = !selection.class_name.empty() || selection.epsilon;
  std::string name = selection.figure;
  if (name.empty()) name = of_gates ? "gates" : reports || !records ? "accuracy" : "training";
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    throw InputError(unknown_name("figure", name, known));
  }
  if (of_gates && name != "gates") {
    throw InputError(fmt::format("figure '{}': shows all classes and budgets; 'gates' takes one of each", name));
  }
  if (name == "training") {
    if (!records) throw InputError("figure 'training': needs a train.json");
    return training_figure(files);
  }
  if (!reports) throw InputError(fmt::format("figure '{}': needs a report", name));
  const RunList list = join_runs(files);
  if (name == "gates") return gates_figure(list, choose_gates(list, selection));
  return accuracy_figure(select_runs(list, selection));
}

/// Every figure that there is something for: accuracy, one of gates for each gated model, training.
std::vector<Figure> all_figures(const std::vector<Json>& files) {
  std::vector<Figure> figures;
  if (holds(files, "aigis-report")) {
    const RunList list = join_runs(files);
    figures.push_back(accuracy_figure(list));
    for (size_t i = 0; i < list.models.size(); ++i) {
      RunList of_model = list;
      std::erase_if(of_model.runs,
                    [&](const PlottedRun& run) { return run.model != i || !at(*run.json, {"gates"}).is_object(); });
      if (of_model.runs.empty()) continue;
      const std::string name = fmt::format("gates-{}-{}", i + 1, file_name(list.models[i].label));
      figures.push_back(gates_figure(of_model, choose_gates(of_model, {}), name));
    }
  }
  if (holds(files, "aigis-train")) figures.push_back(training_figure(files));
  return figures;
}

}  // namespace

std::string render_svg(const std::vector<Json>& files, const PlotSelection& selection) {
  return standalone_svg(chosen_figure(files, selection));
}

void plot(const std::vector<std::string>& paths, const std::string& out, const PlotSelection& selection) {
  if (paths.empty()) throw InputError("nothing to draw: expected at least one report or train.json");
  if (!out.ends_with(".svg") && !selection.empty()) {
    throw InputError(fmt::format("{}: a page or folder holds every figure; choosing one needs a .svg", out));
  }
  std::vector<Json> files;
  for (const auto& path : paths) files.push_back(read_report(path));
  if (out.ends_with(".svg")) {
    const std::string svg = render_svg(files, selection);
    check_writable(out);
    write_file(out, svg);
  } else if (out.ends_with(".html")) {
    const std::string page = render_html(files);
    check_writable(out);
    write_file(out, page);
  } else {
    const std::filesystem::path folder(out);
    if (folder.has_extension() && !std::filesystem::is_directory(folder)) {
      throw InputError(fmt::format("{}: figures are written as .svg or .html, or all of them into a folder", out));
    }
    const std::string page = render_html(files);
    make_folder(out);
    std::vector<std::pair<std::string, std::string>> contents{{(folder / "index.html").string(), page}};
    for (const auto& figure : all_figures(files)) {
      contents.emplace_back((folder / (figure.name + ".svg")).string(), standalone_svg(figure));
    }
    for (const auto& [path, content] : contents) check_writable(path);
    for (const auto& [path, content] : contents) write_file(path, content);
  }
}

}  // namespace aigis
