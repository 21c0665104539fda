// `aigis verify`: judges saved adversarial images again, from scratch, and holds the report against what comes of it:
// its data, its models, what was run, and everything that was counted. Which attack made the images it cannot know;
// only that they lie within the budget and what the model makes of them. Nor does it make the report's checks again.
// That nothing was changed since the report was written, be it counted again or not, its hash tells.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "cli/commands.h"
#include "cli/device.h"
#include "cli/disagreements.h"
#include "cli/examples.h"
#include "cli/former_options.h"
#include "cli/verification.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/core/text.h"
#include "reports/report_text.h"
#include "reports/report_version.h"
#include "reports/schema.h"

namespace aigis {

Verification::Verification(const std::string& report_path, Json parsed, const std::string& data_from,
                           const std::string& on_device)
    : path(report_path), report(std::move(parsed)), device(parse_device(on_device)),
      data_spec(Spec::parse(data_from).text()), models(path, report, plan, device) {
  const Dataset whole = load_dataset(Spec::parse(data_from), Part::test);
  available = whole.size();
  plan.data = whole.first(report["data"]["count"]);
  if (plan.data.hash() != report["data"]["sha256"]) {
    throw InputError(fmt::format("{}: was made on other images or labels than --data {} holds", path, data_from));
  }
  report["config"] = config_of(report);
  forget_former_options(report);
  plan.seed = static_cast<uint64_t>(configured("seed", 0));
  plan.batch = configured("batch", 100, 1);
  saved = std::min(configured("save_examples", 0), plan.data.size());
}

void Verification::expect(const Json& said, const Json& found, const std::string& pointer) {
  compare(said, found, pointer, minor_version(), disagreements);
}

int64_t minor_version_of(const std::string& version, const std::string& path) {
  return parse_integer(version.substr(version.find('.') + 1), path + ": version");
}

int64_t Verification::configured(const char* key, int64_t otherwise, int64_t least) const {
  const Json value = report["config"].value(key, Json(otherwise));
  if (value.is_number_integer() && value >= least) return value;
  throw InputError(
      fmt::format("{}: /config/{}: expected a whole number of at least {}, got {}", path, key, least, value.dump()));
}

namespace {

/// Whether a text is a report of a version that holds the hash of its text.
bool should_say_hash(const std::string& text, const std::string& path) {
  try {
    if (const std::optional<std::string> version = said_version(text)) {
      return minor_version_of(*version, path) >= since::kTextHash;
    }
    const Json report = parse_json(text, path);
    return report.is_object() && report.value("schema", Json()) == "aigis-report" &&
           report.value("version", Json()).is_string() &&
           minor_version_of(report["version"].get<std::string>(), path) >= since::kTextHash;
  } catch (const InputError&) {
    return false;  // it cannot be judged either, which then says why
  }
}

/// What shows that a report's text is not what was written, also where that is not counted again; empty if nothing
/// does.
std::string change_of(const std::string& text, const std::string& path) {
  if (const std::optional<std::string> said = said_hash(text)) {
    const std::string found = text_hash(text, *said);
    return found == *said ? "" : fmt::format("its sha256 is {}, expected {}", found, *said);
  }
  return should_say_hash(text, path) ? "/text_sha256 is missing" : "";
}

/// How many disagreements there are, each of which is printed.
size_t judge_again(const std::string& text, const std::string& path, const std::string& data, const std::string& device,
                   bool as_written) {
  Json report = parse_report(text, path);
  if (report["schema"] != "aigis-report") throw InputError(path + ": expected a report written by 'aigis sweep'");
  if (as_written && !report.contains("text_sha256")) {
    fmt::print("reports of version {} hold no hash of their text: a change of what is not counted again goes unseen\n",
               report["version"].get_ref<const std::string&>());
  }
  Verification verification(path, std::move(report), data, device);
  verify_facts(verification);
  const Verdicts verdicts = verify_verdicts(verification);
  for (const auto& disagreement : verification.disagreements) fmt::print("{}\n", disagreement);
  const int64_t images = verification.plan.data.size();
  if (verdicts.runs == 0 && verdicts.other_graphs == 0) {
    fmt::print("the report saved no examples, so no verdict can be judged again (make it with --save-examples N)\n");
  } else if (verification.saved < images) {
    fmt::print("{} of {} images of each run were saved: what the report counts over all of them is not counted again\n",
               verification.saved, images);
  }
  if (verdicts.in_bytes) {
    fmt::print(
        "the images were saved in 8 bits: what the report says of these (accuracy/robust_quantized) and of clean ones "
        "is counted again, what it says of images before rounding is not (make it with --save-examples-as float32)\n");
  }
  if (verdicts.other_graphs > 0) {
    fmt::print(
        "{} runs of frozen gates behind a defense are not judged again: before version {}.{} these kept the graph of "
        "the image before the defense\n",
        verdicts.other_graphs, kReportVersion.major, since::kDefendedGraphs);
  }
  if (verdicts.near_ties > 0) {
    fmt::print("{} near ties fell the other way than in the report, as rounding lets them\n", verdicts.near_ties);
  }
  const size_t disagreements = verification.disagreements.size() + (as_written ? 0 : 1);
  fmt::print("{} verdicts of {} runs judged again: {} disagreements\n", verdicts.images, verdicts.runs, disagreements);
  return disagreements;
}

int verify(const std::string& path, const std::string& data, const std::string& device) {
  const std::string text = read_file(path), change = change_of(text, path);
  if (!change.empty()) fmt::print("the report's text is not what was written: {}\n", change);
  try {
    return judge_again(text, path, data, device, change.empty()) == 0 ? 0 : 1;
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception& error) {
    // A change can make a report one that cannot be judged, and is the reason all the same.
    if (change.empty()) throw;
    throw RunError(fmt::format("{}: is not what was written, and cannot be judged: {}", path, one_line(error)));
  }
}

}  // namespace

Command verify_command(CommandLine& line) {
  line.example("aigis verify runs/report.json --data cifar10:DIR");
  struct Flags {
    std::string path, data, device = "cpu";
  };
  auto flags = std::make_shared<Flags>();
  line.text("report", flags->path, "a report, best made with --save-examples N", true);
  line.text("--data", flags->data,
            "the data it was made on, with its part, such as cifar10:DIR or cifar10:DIR,part=held_out", true);
  line.text("--device", flags->device, "cpu or cuda");
  return [flags] { return verify(flags->path, flags->data, flags->device); };
}

}  // namespace aigis
