// `aigis evaluate`: a sweep of one point, printed as a table.
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/evaluation.h"
#include "cli/replaceable.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "reports/report_table.h"

namespace aigis {
namespace {

/// Before the report is saved, which may fail; nor does a reader that went away keep the report from being saved, for
/// unlike fmt::print this does not throw, and main() tells of it.
void print_now(const std::string& table) {
  std::fwrite(table.data(), 1, table.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

Command evaluate_command(CommandLine& line) {
  line.example("aigis evaluate --model models/cifar10-aig-20.safetensors:gates=argmax --eps 8/255 --data cifar10:DIR");
  auto settings = std::make_shared<Settings>(line);
  declare_evaluation(*settings, usual_budget(Norm::linf));
  settings->one("out", "", "also write the report to this file", Settings::Holds::path);
  return [settings] {
    settings->resolve();
    const std::string out = follow_links(settings->text("out"));
    const Evaluation evaluation(*settings);
    if (out.empty() && evaluation.plan.examples > 0) {
      throw InputError("--save-examples needs --out: images are kept beside the report");
    }
    if (!out.empty()) check_replaceable(out, "aigis-report", "report");
    Journal journal;
    Evaluation::Outcome outcome = evaluation.run(journal);
    print_now(report_table(outcome.report));
    if (!out.empty()) evaluation.save(outcome, out);
    return 0;
  };
}

}  // namespace aigis
