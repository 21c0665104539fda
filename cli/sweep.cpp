// `aigis sweep`: every model x attack x defense x access x epsilon, into one report.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/evaluation.h"
#include "cli/examples.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "reports/report_table.h"
#include "reports/schema.h"

namespace aigis {
namespace {

/// True if `path` holds the finished report of the same evaluation; an InputError if it holds anything else.
bool already_done(const std::string& path, const Evaluation& evaluation) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return false;
  const Json report = read_report(path);
  Json hashes = Json::array();
  for (const char* part : {"surrogates", "models"}) {  // in the order of Evaluation::identity()
    for (const auto& model : report.value(part, Json::array())) {
      hashes.push_back(model["checkpoint"].is_null() ? Json() : model["checkpoint"]["sha256"]);
    }
  }
  const Json identity = evaluation.identity();
  const Json learnt_from = report["data"].value("training_sha256", Json());  // not known before 1.20
  const bool same = config_of(report) == identity["config"] && report["data"]["sha256"] == identity["data"] &&
                    hashes == identity["models"] &&
                    (learnt_from.is_null() || learnt_from == identity.value("training", Json()));
  if (!same) {
    throw InputError(path +
                     ": holds a report of other settings, data or weights; move it away or choose another --out");
  }
  for (const auto& file : examples_of(report)) {
    if (std::filesystem::exists(std::filesystem::path(path).parent_path() / file, error)) continue;
    throw InputError(
        fmt::format("{}: is complete, but {}, where its adversarial images were, is missing; move the report "
                    "away to have both made again",
                    path, file));
  }
  remove_journal(path + ".journal");  // of a run that was killed between its last two steps
  return true;
}

int sweep(const Settings& settings) {
  const std::string out = follow_links(settings.text("out"));
  if (out.empty()) throw InputError("--out is missing; expected the path of the report, such as runs/report.json");
  const Evaluation evaluation(settings);
  if (already_done(out, evaluation)) {
    fmt::print("{}{} is complete already\n", report_table(read_report(out)), out);
    return 0;
  }
  check_writable(out);
  fmt::print("{}{}\n", report_table(evaluation.run_into(out)), out);
  return 0;
}

}  // namespace

Command sweep_command(CommandLine& line) {
  line.example("aigis sweep configs/sweep/fgsm-jpeg.json --data cifar10:DIR --out runs/fgsm-jpeg.json");
  auto settings = std::make_shared<Settings>(line);
  declare_evaluation(*settings, "0,1/255,2/255,4/255,8/255,12/255,16/255");
  settings->one("out", "", "the report; given the same --out, a run that was cut off goes on", Settings::Holds::path);
  return [settings] {
    settings->resolve();
    return sweep(*settings);
  };
}

}  // namespace aigis
