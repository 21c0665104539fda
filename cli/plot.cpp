// `aigis plot`: draws reports, training records and inspections; reads nothing else.
#include "reports/plot/plot.h"

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "cli/commands.h"
#include "lib/core/text.h"
#include "reports/plot/figures.h"

namespace aigis {
namespace {

std::string figure_names() {
  std::vector<std::string> names;
  for (const auto& kind : plotting::figure_kinds()) names.push_back(kind.name);
  return join(names, ", ");
}

struct PlotFlags {
  std::vector<std::string> files;
  std::string out, epsilon;
  PlotSelection selection;
};

}  // namespace

Command plot_command(CommandLine& line) {
  line.example(
      "aigis plot report.json --out report.html\n"
      "  aigis plot report.json --out bird.svg --figure gates --class bird --eps 12/255");
  auto flags = std::make_shared<PlotFlags>();
  line.texts("files", flags->files, "reports, train.json and inspect.json files", true);
  line.text("--out", flags->out, "FILE.html, FILE.svg or a folder", true);
  line.text("--figure", flags->selection.figure, "for .svg, as the flags below: " + figure_names());
  line.text("--class", flags->selection.class_name, "gates: images of one class, such as bird");
  line.text("--eps", flags->epsilon, "gates: the budget, such as 12/255");
  line.text("--model", flags->selection.model, "only this model");
  line.text("--attack", flags->selection.attack, "only this attack");
  line.text("--defense", flags->selection.defense, "only this defense");
  line.text("--access", flags->selection.access, "only this access");
  return [flags] {
    if (!flags->epsilon.empty()) flags->selection.epsilon = parse_number(flags->epsilon, "--eps");
    plot(flags->files, flags->out, flags->selection);
    fmt::print("{}\n", flags->out);
    return 0;
  };
}

}  // namespace aigis
