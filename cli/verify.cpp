// `aigis verify`: judges saved adversarial images again, from scratch, and holds the report against what comes of it.
#include <ATen/ops/ne.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "attacks/list.h"
#include "cli/commands.h"
#include "cli/device.h"
#include "cli/evaluation.h"
#include "cli/examples.h"
#include "defenses/list.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/core/stop.h"
#include "lib/core/workers.h"
#include "lib/eval/measure.h"
#include "models/checkpoint.h"
#include "reports/schema.h"

namespace aigis {
namespace {

namespace fs = std::filesystem;

/// What `said` holds against `found`, where it must hold all that `found` does. Sums may be rounded in another order.
void compare(const Json& said, const Json& found, const std::string& pointer, std::vector<std::string>& differences) {
  if (found.is_object() && said.is_object()) {
    for (const auto& [key, value] : found.items()) {
      if (said.contains(key)) compare(said[key], value, pointer + "/" + key, differences);
    }
  } else if (found.is_array() && said.is_array() && found.size() == said.size()) {
    for (size_t i = 0; i < found.size(); ++i) compare(said[i], found[i], fmt::format("{}/{}", pointer, i), differences);
  } else {
    const bool near =
        said.is_number() && found.is_number() &&
        std::abs(said.get<double>() - found.get<double>()) <= 1e-6 * std::max(1.0, std::abs(found.get<double>()));
    if (!near && said != found) {
      differences.push_back(fmt::format("{} is {}, the report says {}", pointer, found.dump(), said.dump()));
    }
  }
}

/// A run judged again, as far as its images were saved.
struct Recount {
  RunTally tally;      ///< of the one budget
  int64_t differ = 0;  ///< images whose verdict is not the saved one

  void merge(const Recount& other) {
    tally.merge(other.tally);
    differ += other.differ;
  }
};

class Verification {
 public:
  Verification(std::string path, const std::string& data_spec, const std::string& device)
      : path_(std::move(path)), report_(read_report(path_)), device_(parse_device(device)),
        data_(load_dataset(Spec::parse(data_spec), Part::test)), examples_(path_) {
    if (report_["schema"] != "aigis-report") throw InputError(path_ + ": expected a report written by 'aigis sweep'");
    data_ = data_.first(report_["data"]["count"]);
    if (data_.hash() != report_["data"]["sha256"]) {
      throw InputError(fmt::format("{}: was made on other images or labels than --data {} holds", path_, data_spec));
    }
  }

  int run() {
    check_models();
    check_runs();
    int64_t images = 0, judged = 0;
    for (size_t i = 0; i < report_["runs"].size(); ++i) {
      const Json& entry = report_["runs"][i];
      if (!entry.contains("examples")) continue;
      images += judge_again(entry, i);
      ++judged;
    }
    for (const auto& difference : differences_) fmt::print("{}\n", difference);
    if (judged == 0) {
      fmt::print(
          "the report saved no examples to judge again (make it with --examples N); of all else, {} disagreements\n",
          differences_.size());
    } else {
      fmt::print("{} verdicts of {} runs judged again: {} disagreements\n", images, judged, differences_.size());
    }
    return differences_.empty() ? 0 : 1;
  }

 private:
  void expect(const Json& said, const Json& found, const std::string& pointer) {
    compare(said, found, pointer, differences_);
  }

  /// What the report says of its models is what their checkpoints are.
  void check_models() {
    for (size_t i = 0; i < report_["models"].size(); ++i) {
      const Json& entry = report_["models"][i];
      expect(entry, model_facts(model(entry["id"])->card()), fmt::format("/models/{}", i));
    }
  }

  /// The runs are those that the configuration asks for, in its order.
  void check_runs() {
    const Json& config = report_["config"];
    size_t index = 0;
    try {
      std::vector<std::shared_ptr<const Attack>> attacks;
      for (const auto& given : config.at("attack")) {
        attacks.push_back(make_or_none(attack_list(), "attack", Spec::of(given.at("name"), given.at("options"))));
      }
      std::vector<std::shared_ptr<const Defense>> defenses;
      for (const auto& given : config.at("defense")) defenses.push_back(make_defense(given));
      std::vector<Access> accesses;
      for (const auto& given : config.at("access")) accesses.push_back(parse_access(given));
      for (const auto& id : config.at("model")) {
        for (const auto& run : plan_runs(attacks, defenses, accesses)) {
          for (const auto& epsilon : config.at("eps")) {
            const std::string pointer = fmt::format("/runs/{}", index);
            if (index == report_["runs"].size()) {
              throw InputError(fmt::format("{}: {}: is missing, though /config asks for it", path_, pointer));
            }
            Json found{{"model", id},
                       {"epsilon", epsilon},
                       {"norm", config.at("norm")},
                       {"seed", config.at("seed")},
                       {"count", data_.size()}};
            found.update(run_facts(run));
            expect(report_["runs"][index++], found, pointer);
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

  static std::shared_ptr<const Defense> make_defense(const Json& described) {
    return make_or_none(defense_list(), "defense", Spec::of(described.at("name"), described.at("options")));
  }

  /// Judges the saved images of a run; returns how many.
  int64_t judge_again(const Json& entry, size_t index) {
    const auto [images, hits] = examples_.read(entry, index, data_.images.sizes().slice(1));
    const int64_t count = images.size(0);
    if (count > data_.size()) {
      throw RunError(fmt::format("{}: /runs/{}/examples: more images than the data's", path_, index));
    }
    std::shared_ptr<Model> target = model(entry["model"]);
    check_fit(entry["model"], target->card(), data_);
    if (const auto defense = make_defense(entry["defense"])) target = std::make_shared<DefendedModel>(target, defense);
    // The same batches as the sweep's, in the same way, as far as images were saved: rounding is then the same, too.
    const Json batch = report_["config"].value("batch", Json(100));
    if (!batch.is_number_integer()) throw InputError(path_ + ": /config/batch: expected a whole number");
    const int64_t batch_size = std::clamp<int64_t>(batch.get<int64_t>(), 1, std::max<int64_t>(1, count));
    std::vector<Recount> parts(static_cast<size_t>((count + batch_size - 1) / batch_size));
    const auto pieces = static_cast<int64_t>(parts.size());
    run_in_parallel(pieces, workers_for(device_, pieces), [&, images = images, hits = hits](int64_t b) {
      check_stop();
      const int64_t begin = b * batch_size, end = std::min(begin + batch_size, count);
      parts[static_cast<size_t>(b)] = recount(*target, entry, take(data_, begin, end - begin, device_),
                                              images.slice(0, begin, end).to(device_), hits.slice(0, begin, end));
    });
    Recount sum;
    for (const auto& part : parts) sum.merge(part);
    if (!parts.empty()) state(entry, index, sum, target->card());
    return count;
  }

  static Recount recount(Model& target, const Json& entry, const Batch& batch, const at::Tensor& saved,
                         const at::Tensor& hits) {
    const uint64_t seed = entry["seed"];
    const CleanPass clean = measure_clean(target, batch, seed);
    const Cell cell = measure_cell(target, batch, clean, saved, parse_norm(entry["norm"]), entry["epsilon"], seed);
    Recount count;
    count.tally.clean = clean.tally;
    count.tally.redraw_flipped = clean.redraw_flipped;
    count.tally.cells.push_back(cell.tally);
    count.differ = cell.hits.ne(hits).sum().item<int64_t>();
    return count;
  }

  /// What of a run does not hold. Its totals can be counted again only if all its images were saved.
  void state(const Json& entry, size_t index, const Recount& count, const ModelCard& card) {
    const std::string pointer = fmt::format("/runs/{}", index);
    const CellTally& cell = count.tally.cells.front();
    const auto none = [&](int64_t images, const char* what) {
      if (images > 0) differences_.push_back(fmt::format("{}/examples: {} {}", pointer, images, what));
    };
    none(count.differ, "images get another verdict than the saved one");
    none(cell.over_budget, "images leave the budget");
    none(cell.out_of_box, "images leave [0, 1]");
    none(cell.not_finite, "images hold NaN or infinity");
    if (count.tally.clean.accuracy.trials() == data_.size()) {
      expect(entry, counted_facts(card, count.tally, cell), pointer);
    }
  }

  /// A checkpoint named relative to the folder where the sweep ran: from here, else from the report's folder upwards.
  std::string located(const std::string& checkpoint) const {
    std::error_code error;
    if (fs::exists(checkpoint, error) || fs::path(checkpoint).is_absolute()) return checkpoint;
    for (fs::path folder = fs::absolute(path_).parent_path();; folder = folder.parent_path()) {
      if (fs::exists(folder / checkpoint, error)) return (folder / checkpoint).string();
      if (folder == folder.parent_path()) return checkpoint;
    }
  }

  std::shared_ptr<Model> model(const std::string& id) {
    const auto found = models_.find(id);
    if (found != models_.end()) return found->second;
    Spec spec = Spec::parse(id);
    spec.name = located(spec.name);
    const LoadedModel loaded = load_model(spec, device_);
    for (const auto& entry : report_["models"]) {
      if (entry["id"] == id && !entry["checkpoint"].is_null() && entry["checkpoint"]["sha256"] != loaded.sha256) {
        throw RunError(
            fmt::format("{}: is not the checkpoint that the report was made with: its SHA-256 differs", loaded.path));
      }
    }
    return models_[id] = loaded.network;
  }

  std::string path_;
  Json report_;
  at::Device device_;
  Dataset data_;
  ExampleReader examples_;
  std::map<std::string, std::shared_ptr<Model>> models_;
  std::vector<std::string> differences_;
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
