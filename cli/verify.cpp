// `aigis verify`: judges saved adversarial images again, from scratch, and holds the report against what comes of it:
// its data, its models, what was run, and everything that was counted. Which attack made the images it cannot know;
// only that they lie within the budget and what the model makes of them. Nor does it make the report's checks again.
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/device.h"
#include "cli/disagreements.h"
#include "cli/verification.h"
#include "lib/core/error.h"
#include "reports/report.h"
#include "reports/schema.h"

namespace aigis {

Verification::Verification(const std::string& report_path, const std::string& data_from, const std::string& on_device)
    : path(report_path), report(read_report(path)), device(parse_device(on_device)),
      data_spec(Spec::parse(data_from).text()), models(path, report, plan.data, device) {
  if (report["schema"] != "aigis-report") throw InputError(path + ": expected a report written by 'aigis sweep'");
  const Dataset whole = load_dataset(Spec::parse(data_from), Part::test);
  available = whole.size();
  plan.data = whole.first(report["data"]["count"]);
  if (plan.data.hash() != report["data"]["sha256"]) {
    throw InputError(fmt::format("{}: was made on other images or labels than --data {} holds", path, data_from));
  }
  saved = std::clamp<int64_t>(configured("examples", 0), 0, plan.data.size());
}

void Verification::expect(const Json& said, const Json& found, const std::string& pointer) {
  compare(said, found, pointer, !is_current(), disagreements);
}

bool Verification::is_current() const { return report["version"].get_ref<const std::string&>() == kReportVersion; }

int64_t Verification::configured(const char* key, int64_t otherwise) const {
  const Json value = report["config"].value(key, Json(otherwise));
  if (!value.is_number_integer()) throw InputError(fmt::format("{}: /config/{}: expected a whole number", path, key));
  return value;
}

namespace {

int verify(const std::string& path, const std::string& data, const std::string& device) {
  Verification verification(path, data, device);
  verify_facts(verification);
  const Verdicts verdicts = verify_verdicts(verification);
  for (const auto& disagreement : verification.disagreements) fmt::print("{}\n", disagreement);
  const int64_t images = verification.plan.data.size();
  if (verdicts.runs == 0) {
    fmt::print("the report saved no examples, so no verdict can be judged again (make it with --examples N)\n");
  } else if (verification.saved < images) {
    fmt::print("{} of {} images of each run were saved: what the report counts over all of them is not counted again\n",
               verification.saved, images);
  }
  if (verdicts.near_ties > 0) {
    fmt::print("{} near ties fell the other way than in the report, as rounding lets them\n", verdicts.near_ties);
  }
  fmt::print("{} verdicts of {} runs judged again: {} disagreements\n", verdicts.images, verdicts.runs,
             verification.disagreements.size());
  return verification.disagreements.empty() ? 0 : 1;
}

}  // namespace

Command verify_command(CommandLine& line) {
  line.example("aigis verify runs/report.json --data cifar10:DIR");
  struct Flags {
    std::string path, data, device = "cpu";
  };
  auto flags = std::make_shared<Flags>();
  line.text("report", flags->path, "a report, best made with --examples N", true);
  line.text("--data", flags->data, "the test data it was made on, such as cifar10:DIR", true);
  line.text("--device", flags->device, "cpu or cuda");
  return [flags] { return verify(flags->path, flags->data, flags->device); };
}

}  // namespace aigis
