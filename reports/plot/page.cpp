#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "lib/core/base64.h"
#include "lib/core/files.h"
#include "lib/core/text.h"
#include "reports/plot/accuracy_figure.h"
#include "reports/plot/checks_table.h"
#include "reports/plot/comparisons_table.h"
#include "reports/plot/figures.h"
#include "reports/plot/gates_by_model.h"
#include "reports/plot/gates_table.h"
#include "reports/plot/page_table.h"
#include "reports/plot/plot.h"
#include "reports/plot/provenance.h"
#include "reports/plot/standing_table.h"
#include "reports/plot/transfer_table.h"
#include "reports/plot/value.h"

namespace aigis {

extern const char* const kFigureStyle;
extern const char* const kPageStyle;
extern const char* const kPageScript;

namespace plotting {
namespace {

/// Bytes given in hexadecimal.
std::string unhex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

std::string source_hash(const std::string& text) { return "'sha256-" + base64(unhex(sha256(text))) + "'"; }

/// JSON inside a <script> element: no text in it may end the element or begin a comment.
std::string embedded_json(const Json& json) {
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string safe;
  for (const char c : text) {
    if (c == '<') safe += "\\u003c";
    else safe += c;
  }
  return safe;
}

/// The panels of many attacks, one below the other, would hide what comes after them.
std::string folded(const RunList& list, const std::string& panels) {
  constexpr size_t kMostPanels = 6;
  const size_t attacks = list.attacks().size();
  if (attacks <= kMostPanels) return panels;
  return fmt::format("<details>\n<summary>Accuracy over the budget under each of {} attacks</summary>\n{}</details>\n",
                     attacks, panels);
}

std::string lead(const std::vector<Json>& files, const RunList& list) {
  std::vector<std::string> data;
  for (const auto& file : files) {
    if (text_at(file, {"schema"}) != "aigis-report") continue;
    const std::string text = fmt::format("{} images of {} ({})", text_at(file, {"data", "count"}),
                                         text_at(file, {"data", "name"}), text_at(file, {"data", "split"}));
    if (std::find(data.begin(), data.end(), text) == data.end()) data.push_back(text);
  }
  if (data.empty()) return "";
  return fmt::format("<p class=\"lead\">{}. Models: {}. Runs: {}.</p>\n", escape(join(data, ", ")), list.models.size(),
                     list.runs.size());
}

std::string head(const std::string& title) {
  const std::string style = std::string(kPageStyle) + kFigureStyle;
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src {}; "
      "script-src {}; "
      "base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n"
      "<style>{}</style>\n</head>\n",
      source_hash(style), source_hash(kPageScript), title, style);
}

std::string drawn(const Figure& figure) { return "<figure>\n" + inline_svg(figure) + "</figure>\n"; }

/// All figures of a kind.
std::string every(const std::string& kind_name, const std::vector<Json>& files) {
  std::string figures;
  for (const auto& kind : figure_kinds()) {
    if (kind.name != kind_name || !holds(files, kind.schema)) continue;
    for (const auto& figure : kind.all(files)) figures += drawn(figure);
  }
  return figures;
}

/// The page's sections and the links to them.
struct Sections {
  std::string html, links;

  /// Without content there is no section.
  void add(const std::string& id, const std::string& name, const std::string& heading, const std::string& content) {
    if (content.empty()) return;
    links += fmt::format("<a href=\"#{}\">{}</a>\n", id, name);
    html += fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}</section>\n", id, heading, content);
  }
};

void add_reports(Sections& sections, const std::vector<Json>& files, const RunList& list) {
  sections.add("attacks", "Attacks", "Attacks compared", every("attacks", files));
  sections.add("accuracies", "Accuracy", "Accuracy", folded(list, drawn(accuracy_figure(list))));
  sections.add("queries", "Queries", "Answers that black boxes needed", every("queries", files));
  sections.add("claims", "Claims", "Which claims stand", standing_tables(files));
  sections.add("checks", "Checks", "What might overstate robustness", checks_table(files));
  sections.add("comparisons", "Comparisons", "Which model leads", comparisons_table(files));
  sections.add("transfer", "Transfer", "Images made against another model", transfer_tables(files));
  sections.add("gates", "Gates", "Gates", gates_by_model(list));
  sections.add("driven", "Compute", "What attacks make of the compute",
               every("rates", files) + every("spent", files) + every("compute", files) + gates_tables(list));
  sections.add("swap", "Swap", "Image and gates swapped", every("swap", files));
  sections.add("runs", "Runs", "Runs", runs_table(list));
}

/// What inspections and trainings tell of models.
void add_models(Sections& sections, const std::vector<Json>& files) {
  for (const auto& [kind, name, heading] : {std::tuple{"cost", "Cost", "Accuracy and cost"},
                                            {"modes", "Gate modes", "Ways of deciding gates"},
                                            {"adaptivity", "Adaptivity", "Adaptivity of gates"},
                                            {"classes", "Classes", "Layers by class"},
                                            {"layers", "Layers", "Layers run for an image"},
                                            {"images", "Images", "Easy and hard images"},
                                            {"training", "Training", "Training"}}) {
    sections.add(fmt::format("part-{}", kind), name, heading, every(kind, files));
  }
}

}  // namespace
}  // namespace plotting

std::string render_html(const std::vector<Json>& files) {
  using namespace plotting;
  const RunList list = join_runs(files);
  const bool reports = holds(files, "aigis-report"), inspections = holds(files, "aigis-inspect");
  const std::string title = reports ? "Robustness report" : inspections ? "Models, inspected" : "Training";
  Sections sections;
  if (reports) add_reports(sections, files, list);
  add_models(sections, files);
  sections.add("origin", "Origin", "Where the numbers come from", provenance(files));
  return head(title) + fmt::format(
                           "<body>\n<header>\n<h1>{}</h1>\n{}<nav>\n{}</nav>\n</header>\n<main>\n{}</main>\n"
                           "<script type=\"application/json\" id=\"files\">{}</script>\n"
                           "<script type=\"application/json\" id=\"index\">{}</script>\n"
                           "<script>{}</script>\n</body>\n</html>\n",
                           title, lead(files, list), sections.links, sections.html, embedded_json(files),
                           embedded_json(index_of(list)), kPageScript);
}

}  // namespace aigis
