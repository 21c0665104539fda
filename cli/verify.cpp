// `aigis verify`: judges saved adversarial images again, from scratch, and holds the report against what comes of it:
// its data, its models, what was run, and everything that was counted. Which attack made the images it cannot know;
// only that they lie within the budget and what the model makes of them. Nor does it make the report's checks again.
// That nothing was changed since the report was written, be it counted again or not, its hash tells.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/commands.h"
#include "cli/device.h"
#include "cli/disagreements.h"
#include "cli/verification.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/core/text.h"
#include "reports/report_text.h"
#include "reports/schema.h"

namespace aigis {

Verification::Verification(const std::string& report_path, Json parsed, const std::string& data_from,
                           const std::string& on_device)
    : path(report_path), report(std::move(parsed)), device(parse_device(on_device)),
      data_spec(Spec::parse(data_from).text()), models(path, report, plan.data, device) {
  const Dataset whole = load_dataset(Spec::parse(data_from), Part::test);
  available = whole.size();
  plan.data = whole.first(report["data"]["count"]);
  if (plan.data.hash() != report["data"]["sha256"]) {
    throw InputError(fmt::format("{}: was made on other images or labels than --data {} holds", path, data_from));
  }
  saved = std::clamp<int64_t>(configured("examples", 0), 0, plan.data.size());
}

void Verification::expect(const Json& said, const Json& found, const std::string& pointer) {
  compare(said, found, pointer, minor_version(), disagreements);
}

int64_t minor_version_of(const Json& report, const std::string& path) {
  const auto& version = report["version"].get_ref<const std::string&>();
  return parse_integer(version.substr(version.find('.') + 1), path + ": version");
}

int64_t Verification::configured(const char* key, int64_t otherwise) const {
  const Json value = report["config"].value(key, Json(otherwise));
  if (!value.is_number_integer()) throw InputError(fmt::format("{}: /config/{}: expected a whole number", path, key));
  return value;
}

namespace {

/// Whether a report's text is what was written, which tells of every change, also of what is not counted again.
bool is_as_written(const Json& report, const std::string& path, const std::string& text) {
  constexpr int64_t kHashedSince = 11;
  if (report.contains("text_sha256")) {
    const std::string said = report["text_sha256"], found = text_hash(text, said);
    if (found == said) return true;
    fmt::print("the report's text is not what was written: its sha256 is {}, expected {}\n", found, said);
    return false;
  }
  if (minor_version_of(report, path) >= kHashedSince) {
    fmt::print("the report's text is not what was written: /text_sha256 is missing\n");
    return false;
  }
  fmt::print("reports of version {} hold no hash of their text: a change of what is not counted again goes unseen\n",
             report["version"].get_ref<const std::string&>());
  return true;
}

int verify(const std::string& path, const std::string& data, const std::string& device) {
  const std::string text = read_file(path);
  Json report = parse_report(text, path);
  if (report["schema"] != "aigis-report") throw InputError(path + ": expected a report written by 'aigis sweep'");
  const bool as_written = is_as_written(report, path, text);
  Verification verification(path, std::move(report), data, device);
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
  const size_t disagreements = verification.disagreements.size() + (as_written ? 0 : 1);
  fmt::print("{} verdicts of {} runs judged again: {} disagreements\n", verdicts.images, verdicts.runs, disagreements);
  return disagreements == 0 ? 0 : 1;
}

}  // namespace

Command verify_command(CommandLine& line) {
  line.example("aigis verify runs/report.json --data cifar10:DIR");
  struct Flags {
    std::string path, data, device = "cpu";
  };
  auto flags = std::make_shared<Flags>();
  line.text("report", flags->path, "a report, best made with --examples N", true);
  line.text("--data", flags->data,
            "the data it was made on, with its part, such as cifar10:DIR or cifar10:DIR,part=held_out", true);
  line.text("--device", flags->device, "cpu or cuda");
  return [flags] { return verify(flags->path, flags->data, flags->device); };
}

}  // namespace aigis
