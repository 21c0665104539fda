// `aigis evaluate`: a sweep of one point, printed as a table.
#include <fmt/format.h>

#include <filesystem>

#include "cli/commands.h"
#include "cli/evaluation.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "reports/schema.h"

namespace aigis {

Command evaluate_command(CommandLine& line) {
  line.example("aigis evaluate --model models/cifar10-aig-20.safetensors:gates=argmax --eps 8/255 --data cifar10:DIR");
  auto settings = std::make_shared<Settings>(line);
  declare_evaluation(*settings, "8/255");
  settings->one("out", "", "also write the report to this file", Settings::Holds::path);
  return [settings] {
    settings->resolve();
    const std::string out = follow_links(settings->text("out"));
    const Evaluation evaluation(*settings);
    if (out.empty() && evaluation.plan.examples > 0) {
      throw InputError("--examples needs --out: images are kept beside the report");
    }
    if (!out.empty()) {
      std::error_code error;
      // Only a report may be replaced by a report.
      if (std::filesystem::exists(out, error) && read_report(out)["schema"] != "aigis-report") {
        throw InputError(out + ": is no report but another file of aigis; choose another --out");
      }
      check_writable(out);
    }
    Journal journal;
    fmt::print("{}", report_table(evaluation.run(journal, out)));
    return 0;
  };
}

}  // namespace aigis
