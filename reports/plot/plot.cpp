#include "reports/plot/plot.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "lib/core/error.h"
#include "lib/core/files.h"
#include "reports/plot/figures.h"
#include "reports/schema.h"

namespace aigis {

using namespace plotting;

std::string render_svg(const std::vector<Json>& files, const PlotSelection& selection) {
  return standalone_svg(chosen_figure(files, selection));
}

void plot(const std::vector<std::string>& paths, const std::string& out, const PlotSelection& selection) {
  if (paths.empty()) throw InputError("nothing to draw: expected at least one report, train.json or inspect.json");
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
    for (const auto& kind : figure_kinds()) {
      if (!holds(files, kind.schema)) continue;
      for (const auto& figure : kind.all(files)) {
        contents.emplace_back((folder / (figure.name + ".svg")).string(), standalone_svg(figure));
      }
    }
    for (const auto& [path, content] : contents) check_writable(path);
    for (const auto& [path, content] : contents) write_file(path, content);
  }
}

}  // namespace aigis
