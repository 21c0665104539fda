// `aigis plot`: draws reports and training records; reads nothing else.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <vector>

#include "cli/commands.h"
#include "lib/core/text.h"
#include "reports/plot/plot.h"

namespace aigis {
namespace {

struct PlotFlags {
  std::vector<std::string> files;
  std::string out, epsilon;
  PlotSelection selection;
};

}  // namespace

Command plot_command(CLI::App& command) {
  command.footer(
      "Examples:\n  aigis plot report.json --out report.html\n"
      "  aigis plot report.json --out bird.svg --figure gates --class bird --eps 12/255");
  auto flags = std::make_shared<PlotFlags>();
  command.add_option("files", flags->files, "reports and train.json files")->required();
  command.add_option("--out", flags->out, "FILE.html, FILE.svg or a folder")->required();
  command.add_option("--figure", flags->selection.figure, "for .svg: accuracy, gates or training");
  command.add_option("--class", flags->selection.class_name, "gates: images of one class, such as bird");
  command.add_option("--eps", flags->epsilon, "gates: the budget, such as 12/255");
  command.add_option("--model", flags->selection.model, "gates: which model");
  command.add_option("--attack", flags->selection.attack, "gates: which attack");
  command.add_option("--defense", flags->selection.defense, "gates: which defense");
  command.add_option("--access", flags->selection.access, "gates: which access");
  return [flags] {
    if (!flags->epsilon.empty()) flags->selection.epsilon = parse_number(flags->epsilon, "--eps");
    plot(flags->files, flags->out, flags->selection);
    fmt::print("{}\n", flags->out);
    return 0;
  };
}

}  // namespace aigis
