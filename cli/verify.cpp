// `aigis verify`: judges saved adversarial images again, from scratch, and holds the report against what comes of it:
// its data, its models, what was run, and everything that was counted. Which attack made the images it cannot know;
// only that they lie within the budget and what the model makes of them. Nor does it make the report's checks again.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "attacks/list.h"
#include "cli/commands.h"
#include "cli/device.h"
#include "cli/disagreements.h"
#include "cli/evaluation.h"
#include "cli/examples.h"
#include "cli/recount.h"
#include "cli/report_models.h"
#include "defenses/list.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "reports/comparison.h"
#include "reports/curves.h"
#include "reports/flags.h"
#include "reports/schema.h"

namespace aigis {
namespace {

class Verification {
 public:
  Verification(std::string path, const std::string& data_spec, const std::string& device)
      : path_(std::move(path)), report_(read_report(path_)), device_(parse_device(device)),
        data_spec_(Spec::parse(data_spec).text()), examples_(path_), models_(path_, report_, plan_.data, device_) {
    if (report_["schema"] != "aigis-report") throw InputError(path_ + ": expected a report written by 'aigis sweep'");
    const Dataset whole = load_dataset(Spec::parse(data_spec), Part::test);
    available_ = whole.size();
    plan_.data = whole.first(report_["data"]["count"]);
    if (plan_.data.hash() != report_["data"]["sha256"]) {
      throw InputError(fmt::format("{}: was made on other images or labels than --data {} holds", path_, data_spec));
    }
  }

  int run() {
    check_data();
    check_models();
    check_runs();
    int64_t images = 0, judged = 0;
    for (size_t i = 0; i < report_["runs"].size(); ++i) {
      if (!report_["runs"][i].contains("examples")) continue;
      images += judge_again(report_["runs"][i], i);
      ++judged;
    }
    check_comparisons();
    if (judged > 0 && examples_.tensors() != 2 * report_["runs"].size()) {
      disagreements_.push_back(
          fmt::format("/runs: {} runs; images of {} were saved", report_["runs"].size(), examples_.tensors() / 2));
    }
    for (const auto& disagreement : disagreements_) fmt::print("{}\n", disagreement);
    if (judged == 0) {
      fmt::print("the report saved no examples, so no verdict can be judged again (make it with --examples N)\n");
    } else if (saved_ < plan_.data.size()) {
      fmt::print(
          "{} of {} images of each run were saved: what the report counts over all of them is not counted again\n",
          saved_, plan_.data.size());
    }
    if (near_ties_ > 0) {
      fmt::print("{} near ties fell the other way than in the report, as rounding lets them\n", near_ties_);
    }
    fmt::print("{} verdicts of {} runs judged again: {} disagreements\n", images, judged, disagreements_.size());
    return disagreements_.empty() ? 0 : 1;
  }

 private:
  void expect(const Json& said, const Json& found, const std::string& pointer) {
    compare(said, found, pointer, report_["version"] != kReportVersion, disagreements_);
  }

  void check_data() {
    expect(report_["data"],
           {{"name", plan_.data.name},
            {"split", part_name(plan_.data.part)},
            {"count", plan_.data.size()},
            {"classes", plan_.data.classes}},
           "/data");
    const Json spec = report_["data"].value("spec", Json());
    expect(spec, report_["config"].value("data", Json()), "/data/spec");
    const Json limit = report_["config"].value("limit", Json(0));
    if (!limit.is_number_integer()) throw InputError(path_ + ": /config/limit: expected a whole number");
    // Other data may hold more than the report's, which they begin with.
    const int64_t all = spec == data_spec_ ? available_ : plan_.data.size();
    expect(report_["data"]["count"], limit == 0 ? all : std::min(limit.get<int64_t>(), all), "/data/count");
    const Json wanted = report_["config"].value("examples", Json(0));
    if (!wanted.is_number_integer()) throw InputError(path_ + ": /config/examples: expected a whole number");
    saved_ = std::clamp<int64_t>(wanted.get<int64_t>(), 0, plan_.data.size());
  }

  /// What the report says of its models is what their checkpoints are.
  void check_models() {
    for (size_t i = 0; i < report_["models"].size(); ++i) {
      const Json& entry = report_["models"][i];
      const LoadedModel& loaded = models_.model(entry["id"]);
      Json found = model_facts(loaded.model->card());
      found["macs"]["expected"] = entry["macs"]["expected"];  // measured: looked at with its runs
      found["checkpoint"] = {{"file", ReportModels::file_of(loaded.id)}, {"sha256", loaded.sha256}};
      expect(entry, found, fmt::format("/models/{}", i));
    }
  }

  /// The runs are those that the configuration asks for, in its order.
  void check_runs() {
    const Json& config = report_["config"];
    size_t index = 0;
    try {
      plan_.runs = configured_runs(config);
      plan_.epsilons = config.at("eps").get<std::vector<double>>();
      plan_.nested = config.value("nested", false);        // not known before 1.2
      plan_.gate_swap = config.value("gate_swap", false);  // not known before 1.5
      for (const auto& id : config.at("model")) {
        const ModelCard card = models_.model(id).model->card();
        for (const auto& run : plan_.runs) {
          for (const double epsilon : plan_.epsilons) {
            const std::string pointer = fmt::format("/runs/{}", index);
            if (index == report_["runs"].size()) {
              throw InputError(fmt::format("{}: {}: is missing, though /config asks for it", path_, pointer));
            }
            Json found{{"model", id},
                       {"epsilon", epsilon},
                       {"norm", config.at("norm")},
                       {"seed", config.at("seed")},
                       {"count", plan_.data.size()},
                       {"nested", is_nested(plan_, run, card)}};
            found.update(run_facts(plan_.runs, run));
            expect(report_["runs"][index], found, pointer);
            expect(report_["runs"][index++].value("examples", Json()), configured_examples(), pointer + "/examples");
          }
        }
      }
    } catch (const Json::exception&) {
      throw InputError(path_ + ": /config: expected the settings that 'aigis sweep' writes");
    }
    if (index != report_["runs"].size()) {
      throw InputError(fmt::format("{}: /runs/{}: /config does not ask for it", path_, index));
    }
  }

  std::vector<Run> configured_runs(const Json& config) {
    std::vector<std::shared_ptr<const Attack>> attacks;
    for (const auto& given : config.at("attack")) {
      attacks.push_back(make_or_none(attack_list(), "attack", Spec::of(given.at("name"), given.at("options"))));
    }
    std::vector<std::shared_ptr<const Defense>> defenses;
    for (const auto& given : config.at("defense")) defenses.push_back(make_defense(given));
    std::vector<Access> accesses;
    for (const auto& given : config.at("access")) {
      accesses.push_back(parse_access(given, [&](const std::string& spec) { return models_.surrogate(spec); }));
    }
    return plan_runs(attacks, defenses, accesses, config.value("worst_case", false));  // not known before 1.4
  }

  /// What every run says of its saved images: all are in the file that the first run names.
  Json configured_examples() const {
    if (saved_ == 0) return nullptr;
    const Json first = report_["runs"][0].value("examples", Json());
    if (first.is_null()) return {{"count", saved_}};
    return {{"file", first["file"]}, {"sha256", first["sha256"]}, {"count", saved_}};
  }

  static std::shared_ptr<const Defense> make_defense(const Json& described) {
    return make_or_none(defense_list(), "defense", Spec::of(described.at("name"), described.at("options")));
  }

  /// Judges the saved images of a run; returns how many.
  int64_t judge_again(const Json& entry, size_t index) {
    const auto [images, hits] = examples_.read(entry, index, plan_.data.images.sizes().slice(1));
    const int64_t count = images.size(0);
    if (count > plan_.data.size()) {
      throw RunError(fmt::format("{}: /runs/{}/examples: more images than the data's", path_, index));
    }
    const std::shared_ptr<Model> bare = models_.model(entry["model"]).model;
    check_fit(entry["model"], bare->card(), plan_.data);
    const Run& run = run_at(index);
    const std::shared_ptr<Model> target = defended(bare, run.defense);
    const Wanted wanted = [&](const Batch& clean) { return wanted_classes(run, bare, clean, entry["seed"]); };
    const Json batch = report_["config"].value("batch", Json(100));
    if (!batch.is_number_integer()) throw InputError(path_ + ": /config/batch: expected a whole number");
    if (count > 0) {
      const Recount recounted = recount_run(*target, entry, wanted, plan_.data, {images, hits}, batch.get<int64_t>(),
                                            plan_.gate_swap, device_);
      state(entry, index, recounted, target->card());
    }
    return count;
  }

  /// The others tell of the attack's work, or of names.
  static Json of_the_clean_pass(const Json& flags) {
    Json some = Json::array();
    for (const auto& flag : flags) {
      if (flag["check"].get_ref<const std::string&>().starts_with("clean-accuracy")) some.push_back(flag);
    }
    return some;
  }

  /// Models are compared again where every verdict of every run was counted again.
  void check_comparisons() {
    const bool since = report_["version"] == kReportVersion || report_.contains("comparisons");
    if (hits_.size() < report_["runs"].size() || !since) return;
    std::vector<std::vector<int64_t>> hits, clean_hits;
    for (auto& [index, of_run] : hits_) hits.push_back(of_run);
    expect(report_.value("comparisons", Json()), comparisons_json(report_["runs"], hits), "/comparisons");
    if (report_["version"] != kReportVersion && !report_.contains("curves")) return;
    for (auto& [index, of_run] : clean_hits_) clean_hits.push_back(of_run);
    Json again{{"runs", report_["runs"]}};
    add_curves(again, hits, clean_hits);
    for (const char* part : {"curves", "curve_comparisons"})
      expect(report_.value(part, Json()), again[part], fmt::format("/{}", part));
  }

  /// What of a run does not hold. Its totals can be counted again only if all its images were saved.
  void state(const Json& entry, size_t index, const Recount& count, const ModelCard& card) {
    const std::string pointer = fmt::format("/runs/{}", index);
    const CellTally& cell = count.tally.cells.front();
    const auto none = [&](int64_t images, const char* what) {
      if (images > 0) disagreements_.push_back(fmt::format("{}/examples: {} {}", pointer, images, what));
    };
    none(cell.over_budget, "images leave the budget");
    none(cell.out_of_box, "images leave [0, 1]");
    none(cell.not_finite, "images hold NaN or infinity");
    if (count.differ > cell.pass.near_ties) {
      none(count.differ, "images get another verdict than the saved one");
    } else if (count.differ > 0) {
      near_ties_ += count.differ;
      return;  // totals differ by as many
    }
    if (count.tally.clean.accuracy.trials() < plan_.data.size()) return state_bounds(entry, pointer, count);
    hits_[index] = cell.hits;
    clean_hits_[index] = count.tally.clean_hits;
    const Json counted = counted_facts(card, count.tally, cell);
    expect(entry, counted, pointer);
    const size_t m = models_.index_of(entry["model"]);
    const Run& run = run_at(index);
    if (!run.defense && !card.gated.empty()) {
      expect(report_["models"][m]["macs"]["expected"], counted["macs"]["before"],
             fmt::format("/models/{}/macs/expected", m));
    }
    const LoadedModel& loaded = models_.model(entry["model"]);
    const ReportedModel reported{loaded.id, loaded.path, loaded.sha256, loaded.record, loaded.classes, card};
    expect(of_the_clean_pass(entry["flags"]), of_the_clean_pass(make_flags(plan_, run, count.tally, {}, reported)),
           pointer + "/flags");
  }

  /// What can be said of totals when only some of the images were saved.
  void state_bounds(const Json& entry, const std::string& pointer, const Recount& count) {
    const CellTally& cell = count.tally.cells.front();
    const std::vector<std::pair<const char*, const Proportion*>> parts{
        {"clean", &count.tally.clean.accuracy}, {"robust", &cell.pass.accuracy}, {"robust_quantized", &cell.quantized}};
    for (const auto& [name, part] : parts) {
      const double low = part->successes(), high = low + static_cast<double>(plan_.data.size() - part->trials());
      const double said = entry["accuracy"][name]["successes"];
      if (said >= low - 1e-6 && said <= high + 1e-6) continue;
      disagreements_.push_back(
          fmt::format("{}/accuracy/{}/successes is from {} to {}, the report says {}", pointer, name, low, high, said));
    }
  }

  /// What stands at a place of the report's list of runs, as check_runs() has seen.
  const Run& run_at(size_t index) const { return plan_.runs[index / plan_.epsilons.size() % plan_.runs.size()]; }

  std::string path_;
  Json report_;
  at::Device device_;
  std::string data_spec_;
  ExampleReader examples_;
  SweepPlan plan_;         ///< runs, epsilons and data, as the configuration has them
  int64_t available_ = 0;  ///< images of the whole test part
  int64_t saved_ = 0;      ///< images of each run
  int64_t near_ties_ = 0;  ///< verdicts that rounding turned
  ReportModels models_;
  std::map<size_t, std::vector<int64_t>> hits_, clean_hits_;  ///< of each run that was counted again
  std::vector<std::string> disagreements_;
};

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
  return [flags] { return Verification(flags->path, flags->data, flags->device).run(); };
}

}  // namespace aigis
