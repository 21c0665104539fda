// `aigis verify`: judges saved adversarial images again, from scratch.
#include <fmt/format.h>

#include <ATen/ops/ne.h>

#include <filesystem>
#include <map>

#include "cli/commands.h"
#include "defenses/list.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/eval/defense.h"
#include "lib/eval/verdict.h"
#include "models/checkpoint.h"
#include "reports/schema.h"

namespace aigis {
namespace {

/// A defense as the report names it; null for "none".
std::shared_ptr<const Defense> make_defense(const Json& described) {
  Spec spec{described["name"], "", {}};
  if (spec.name == "none") return nullptr;
  for (const auto& [key, value] : described["options"].items()) {
    spec.options.emplace_back(key, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return find_entry(defense_list(), "defense", spec.name).make(spec);
}

class Verification {
 public:
  Verification(std::string path, const std::string& data_spec)
      : path_(std::move(path)), report_(read_report(path_)), data_(load_dataset(Spec::parse(data_spec), Part::test)) {
    if (report_["schema"] != "aigis-report") throw InputError(path_ + ": expected a report written by 'aigis sweep'");
    data_ = data_.first(report_["data"]["count"]);
    if (data_.hash() != report_["data"]["sha256"]) {
      throw InputError(fmt::format("{}: was made on other images or labels than --data {} holds", path_, data_spec));
    }
  }

  int run() {
    size_t index = 0;
    for (const auto& entry : report_["runs"]) {
      if (entry.contains("examples")) verify(entry, index);
      ++index;
    }
    if (images_ == 0) throw InputError(path_ + ": has no saved examples; make the report with --examples N");
    fmt::print("{} verdicts of {} runs judged again: {} differ, {} images outside their budget\n", images_, runs_, differ_, outside_);
    return differ_ == 0 && outside_ == 0 ? 0 : 1;
  }

 private:
  void verify(const Json& entry, size_t index) {
    const auto folder = std::filesystem::path(path_).parent_path();
    const std::string file = (folder / entry["examples"]["file"].get<std::string>()).string();
    const Safetensors& saved = examples(file, entry["examples"]["sha256"]);
    const auto images = saved.tensors.find(fmt::format("{}.images", index));
    const auto hits = saved.tensors.find(fmt::format("{}.hits", index));
    if (images == saved.tensors.end() || hits == saved.tensors.end()) {
      throw InputError(fmt::format("{}: lacks the images of run {}", file, index));
    }
    std::shared_ptr<Model> target = model(entry["model"]);
    if (const auto defense = make_defense(entry["defense"])) target = std::make_shared<DefendedModel>(target, defense);
    const Batch batch = take(data_, 0, images->second.size(0));
    const Admitted admitted = admit(batch.images, images->second, parse_norm(entry["norm"]), entry["epsilon"]);
    const Judgement judgement = judge(*target, images->second, batch, entry["seed"], Purpose::verdict_gates);
    const int64_t differ = judgement.hits.ne(hits->second).sum().item<int64_t>();
    const int64_t outside = admitted.over_budget + admitted.out_of_box + admitted.not_finite;
    if (differ + outside > 0) fmt::print("run {} ({}): {} verdicts differ, {} images outside\n", index, entry["model"].get<std::string>(), differ, outside);
    differ_ += differ;
    outside_ += outside;
    images_ += batch.labels.size(0);
    ++runs_;
  }

  const Safetensors& examples(const std::string& file, const std::string& sha) {
    const auto found = files_.find(file);
    if (found != files_.end()) return found->second;
    const std::string bytes = read_file(file);
    if (sha256(bytes) != sha) throw InputError(file + ": is not the file that the report names: its SHA-256 differs");
    return files_[file] = parse_safetensors(bytes, file);
  }

  std::shared_ptr<Model> model(const std::string& id) {
    const auto found = models_.find(id);
    if (found != models_.end()) return found->second;
    const LoadedModel loaded = load_model(Spec::parse(id));
    for (const auto& entry : report_["models"]) {
      if (entry["id"] == id && entry["checkpoint"]["sha256"] != loaded.sha256) {
        throw InputError(fmt::format("{}: is not the checkpoint that the report was made with: its SHA-256 differs", loaded.path));
      }
    }
    return models_[id] = loaded.network;
  }

  std::string path_;
  Json report_;
  Dataset data_;
  std::map<std::string, Safetensors> files_;
  std::map<std::string, std::shared_ptr<Model>> models_;
  int64_t images_ = 0, runs_ = 0, differ_ = 0, outside_ = 0;
};

}  // namespace

Command verify_command(CommandLine& line) {
  line.example("aigis verify runs/report.json --data cifar10:DIR");
  auto path = std::make_shared<std::string>();
  auto data = std::make_shared<std::string>();
  line.text("report", *path, "a report made with --examples N", true);
  line.text("--data", *data, "the test data it was made on, such as cifar10:DIR", true);
  return [path, data] { return Verification(*path, *data).run(); };
}

}  // namespace aigis
