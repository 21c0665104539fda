// The verdicts of a report's saved images, judged again, and what the report counted of them.
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "cli/examples.h"
#include "cli/plan_checks.h"
#include "cli/recount.h"
#include "cli/totals.h"
#include "cli/verification.h"
#include "lib/core/error.h"
#include "reports/comparison.h"
#include "reports/curves.h"
#include "reports/flags.h"
#include "reports/report.h"
#include "reports/report_version.h"

namespace aigis {
namespace {

/// What of a report tells of the answers to clean images. The other flags tell of the attack's work, or of names.
Json of_the_clean_pass(const Json& flags) {
  Json some = Json::array();
  for (const auto& flag : flags) {
    if (flag["check"].get_ref<const std::string&>().starts_with("clean-accuracy")) some.push_back(flag);
  }
  return some;
}

/// What of a run's facts is said of how it counts, or counted of clean images or of 8-bit ones, and not of those before
/// rounding.
Json without_floats(const Json& facts) {
  static const std::set<std::string> kKept{
      "convention",          "draws",  "tolerance",   "clean",  "clean_top5",
      "robust_quantized",    "before", "before_ci95", "budget", "share_on_clean_redraw",
      "ci95_on_clean_redraw"};
  Json some = Json::object();
  for (const auto& [key, value] : facts.items()) {
    if (kKept.contains(key)) some[key] = value;
    else if (value.is_object()) some[key] = without_floats(value);
  }
  return some;
}

/// What of a report's comparisons is counted of clean images; of those under attack only what is compared.
Json of_clean_images(Json comparisons, const Json& runs) {
  for (Json& pair : comparisons) {
    if (!is_clean(runs[pair["run_a"].get<size_t>()])) pair = {{"run_a", pair["run_a"]}, {"run_b", pair["run_b"]}};
  }
  return comparisons;
}

class SecondVerdict {
 public:
  explicit SecondVerdict(Verification& verification) : v_(verification), examples_(v_.path) {}

  Verdicts judge() {
    const Json& runs = v_.report["runs"];
    for (size_t i = 0; i < runs.size(); ++i) {
      if (!runs[i].contains("examples")) continue;
      judge_again(runs[i], i);
    }
    check_comparisons();
    if (examples_.runs() > 0 && examples_.runs() != runs.size()) {
      v_.disagreements.push_back(fmt::format("/runs: {} runs; images of {} were saved", runs.size(), examples_.runs()));
    }
    return verdicts_;
  }

 private:
  /// Judges the saved images of a run.
  void judge_again(const Json& entry, size_t index) {
    const ExampleReader::Saved saved = examples_.read(entry, index, v_.plan.data.images.sizes().slice(1));
    const int64_t count = saved.images.size(0);
    verdicts_.in_bytes |= saved.images.scalar_type() == at::kByte;
    if (count > v_.plan.data.size()) {
      throw RunError(fmt::format("{}: /runs/{}/examples: more images than the data's", v_.path, index));
    }
    const std::shared_ptr<Model> bare = v_.models.model(entry["model"]).model;
    check_fit(entry["model"], bare->card(), v_.plan.data);
    const Run& run = v_.run_at(index);
    if (v_.minor_version() < since::kDefendedGraphs && run.defense && bare->card().gate_mode == "frozen") {
      ++verdicts_.other_graphs;
      return;
    }
    ++verdicts_.runs;
    verdicts_.images += count;
    const std::shared_ptr<Model> target = defended(bare, run.defense);
    const Wanted wanted = [&](const Batch& clean) { return wanted_classes(run, bare, clean, entry["seed"]); };
    if (count > 0) {
      const Purpose draws = v_.minor_version() < since::kOtherDraws ? Purpose::verdict_gates : run.judged_by();
      const Recount again =
          recount_run(*target, entry, draws, wanted, v_.plan.data, saved, v_.plan.batch, v_.plan.gate_swap, v_.device);
      state(entry, index, again, saved, target->card());
    }
  }

  /// What of a run does not hold. Its totals can be counted again only if all its images were saved.
  void state(const Json& entry, size_t index, const Recount& count, const ExampleReader::Saved& saved,
             const ModelCard& card) {
    const std::string pointer = fmt::format("/runs/{}", index);
    const CellTally& cell = count.tally.cells.front();
    const auto none = [&](int64_t images, const char* what) {
      if (images > 0) v_.disagreements.push_back(fmt::format("{}/examples: {} {}", pointer, images, what));
    };
    none(cell.over_budget, "images leave the budget");
    none(cell.out_of_box, "images leave [0, 1]");
    none(cell.not_finite, "images hold NaN or infinity");
    none(count.differ, "images get another verdict than the saved one");
    const at::ScalarType form = saved.images.scalar_type();
    const std::vector<Total> totals = totals_of(count, form);
    const bool all_saved = count.tally.clean.accuracy.trials() == v_.plan.data.size();
    const int64_t turned = std::max(count.turned, all_saved ? turned_in(totals, entry["accuracy"]) : 0);
    verdicts_.near_ties += turned;
    if (turned > 0) return state_bounds(entry, pointer, totals);
    const auto same = [](const at::Tensor& known, const std::vector<int64_t>& opened) {
      return !known.defined() || known.flatten().equal(at::tensor(opened));
    };
    if (!same(saved.opened, cell.opened_as(form)) || !same(saved.opened_before, count.tally.clean.opened)) {
      v_.disagreements.push_back(fmt::format("{}/examples: other layers run than the saved ones", pointer));
    }
    if (!all_saved) return state_bounds(entry, pointer, totals);
    const Json counted = counted_facts(card, count.tally, cell);
    clean_hits_[index] = count.tally.clean_hits;
    if (form == at::kByte) {
      v_.expect(without_floats(entry), without_floats(counted), pointer);
    } else {
      hits_[index] = cell.hits;
      v_.expect(entry, counted, pointer);
    }
    const size_t m = v_.models.index_of(entry["model"]);
    const Run& run = v_.run_at(index);
    if (!run.defense && !run.is_worst_case() && !card.gated.empty()) {
      v_.expect(v_.report["models"][m]["macs"]["expected"], counted["macs"]["before"],
                fmt::format("/models/{}/macs/expected", m));
    }
    if (v_.minor_version() < since::kFrozenRecord && card.gate_mode == "frozen") return;
    const LoadedModel& loaded = v_.models.model(entry["model"]);
    const ReportedModel reported{loaded.id, loaded.path, loaded.sha256, loaded.record, loaded.classes, card};
    v_.expect(of_the_clean_pass(entry["flags"]), of_the_clean_pass(make_flags(v_.plan, run, count.tally, {}, reported)),
              pointer + "/flags");
  }

  /// What can be said of totals when only some of the images were saved, or near ties fell the other way.
  void state_bounds(const Json& entry, const std::string& pointer, const std::vector<Total>& totals) {
    const auto lines = out_of_bounds(totals, entry["accuracy"], v_.plan.data.size(), pointer);
    v_.disagreements.insert(v_.disagreements.end(), lines.begin(), lines.end());
  }

  /// Models are compared again where every verdict of every run was counted again: by 8-bit images without an attack,
  /// by others all of it.
  void check_comparisons() {
    const Json &report = v_.report, &runs = report["runs"];
    if (clean_hits_.size() < runs.size()) return;
    if (v_.minor_version() < since::kComparisons && !report.contains("comparisons")) return;
    const Json said = report.value("comparisons", Json());
    std::vector<std::vector<int64_t>> hits, clean_hits;
    for (auto& [index, of_run] : clean_hits_) clean_hits.push_back(of_run);
    if (hits_.size() < runs.size()) {
      v_.expect(of_clean_images(said, runs), of_clean_images(comparisons_json(runs, clean_hits), runs), "/comparisons");
      return;
    }
    for (auto& [index, of_run] : hits_) hits.push_back(of_run);
    v_.expect(said, comparisons_json(runs, hits), "/comparisons");
    if (v_.minor_version() < since::kCurves && !report.contains("curves")) return;
    Json again{{"runs", runs}};
    add_curves(again, hits, clean_hits);
    for (const char* part : {"curves", "curve_comparisons"}) {
      v_.expect(report.value(part, Json()), again[part], fmt::format("/{}", part));
    }
  }

  Verification& v_;
  ExampleReader examples_;
  Verdicts verdicts_;
  std::map<size_t, std::vector<int64_t>> hits_, clean_hits_;  ///< of each run that was counted again
};

}  // namespace

Verdicts verify_verdicts(Verification& verification) { return SecondVerdict(verification).judge(); }

}  // namespace aigis
