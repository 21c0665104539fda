// `aigis evaluate`: a sweep of one point, printed as a table.
#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/evaluation.h"
#include "cli/replaceable.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "reports/report_table.h"

namespace aigis {

Command evaluate_command(CommandLine& line) {
  line.example("aigis evaluate --model models/cifar10-aig-20.safetensors:gates=argmax --eps 8/255 --data cifar10:DIR");
  auto settings = std::make_shared<Settings>(line);
  declare_evaluation(*settings, usual_budget(Norm::linf));
  settings->one("out", "", "also write the report to this file; given it again, a run that was cut off goes on",
                Settings::Holds::path);
  return [settings] {
    settings->resolve();
    const std::string out = follow_links(settings->text("out"));
    const Evaluation evaluation(*settings);
    if (out.empty() && evaluation.plan.examples > 0) {
      throw InputError("--save-examples needs --out: images are kept beside the report");
    }
    if (!out.empty()) check_replaceable(out, "aigis-report", "report");
    fmt::print("{}", report_table(out.empty() ? evaluation.run() : evaluation.run_into(out)));
    return 0;
  };
}

}  // namespace aigis
