// `aigis verify`: judges saved adversarial images again, from scratch.
#include <fmt/format.h>

#include <ATen/ops/ne.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "cli/commands.h"
#include "cli/device.h"
#include "cli/evaluation.h"
#include "defenses/list.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/core/stop.h"
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

/// Sums over the saved images of one run.
struct Recount {
  double robust = 0, quantized = 0, clean = 0;
  double linf_sum = 0, linf_max = 0, l2_sum = 0, l2_max = 0;
  int64_t images = 0, differ = 0, outside = 0;
};

class Verification {
 public:
  Verification(std::string path, const std::string& data_spec, const std::string& device)
      : path_(std::move(path)), report_(read_report(path_)), device_(parse_device(device)),
        data_(load_dataset(Spec::parse(data_spec), Part::test)) {
    if (report_["schema"] != "aigis-report") throw InputError(path_ + ": expected a report written by 'aigis sweep'");
    data_ = data_.first(report_["data"]["count"]);
    if (data_.hash() != report_["data"]["sha256"]) {
      throw InputError(fmt::format("{}: was made on other images or labels than --data {} holds", path_, data_spec));
    }
  }

  int run() {
    int64_t images = 0, runs = 0, failures = 0, index = 0;
    for (const auto& entry : report_["runs"]) {
      if (entry.contains("examples")) {
        const Recount count = recount(entry, index);
        failures += compare(entry, index, count);
        images += count.images;
        ++runs;
      }
      ++index;
    }
    if (runs == 0) fmt::print("the report is valid; it saved no examples to judge again (make it with --examples N)\n");
    else fmt::print("{} verdicts of {} runs judged again: {} disagreements\n", images, runs, failures);
    return failures == 0 ? 0 : 1;
  }

 private:
  Recount recount(const Json& entry, int64_t index) {
    const auto folder = std::filesystem::path(path_).parent_path();
    const std::string file = (folder / entry["examples"]["file"].get<std::string>()).string();
    const Safetensors& saved = examples(file, entry["examples"]["sha256"]);
    const auto images = saved.tensors.find(fmt::format("{}.images", index));
    const auto hits = saved.tensors.find(fmt::format("{}.hits", index));
    const int64_t count = entry["examples"]["count"];
    if (images == saved.tensors.end() || hits == saved.tensors.end() || images->second.dim() != 4 ||
        images->second.sizes().slice(1) != data_.images.sizes().slice(1) || images->second.size(0) != count ||
        hits->second.sizes() != at::IntArrayRef{count} || count > data_.size()) {
      throw RunError(fmt::format("{}: lacks the {} images of run {}", file, count, index));
    }
    std::shared_ptr<Model> target = model(entry["model"]);
    check_fit(entry["model"], target->card(), data_);
    if (const auto defense = make_defense(entry["defense"])) target = std::make_shared<DefendedModel>(target, defense);
    const auto draws = static_cast<double>(target->card().draws);
    const int64_t batch_size = report_["config"].value("batch", int64_t{250});
    Recount sum;
    for (int64_t begin = 0; begin < count; begin += batch_size) {
      check_stop();
      // The same batches as the sweep's, as far as images were saved: rounding is then the same, too.
      const Batch batch = take(data_, begin, std::min(batch_size, count - begin), device_);
      const at::Tensor proposed = images->second.slice(0, begin, begin + batch_size).to(device_);
      const Admitted admitted = admit(batch.images, proposed, parse_norm(entry["norm"]), entry["epsilon"]);
      const auto hits_on = [&](const at::Tensor& x) { return judge(*target, x, batch, entry["seed"], Purpose::verdict_gates).hits; };
      const at::Tensor again = hits_on(proposed);
      sum.differ += again.ne(hits->second.slice(0, begin, begin + batch_size)).sum().item<int64_t>();
      sum.outside += admitted.over_budget + admitted.out_of_box + admitted.not_finite;
      sum.robust += again.sum().item<double>() / draws;
      sum.quantized += hits_on(quantized(proposed)).sum().item<double>() / draws;
      sum.clean += hits_on(batch.images).sum().item<double>() / draws;
      sum.linf_sum += admitted.linf.sum().item<double>();
      sum.linf_max = std::max(sum.linf_max, admitted.linf.max().item<double>());
      sum.l2_sum += admitted.l2.sum().item<double>();
      sum.l2_max = std::max(sum.l2_max, admitted.l2.max().item<double>());
      sum.images += batch.labels.size(0);
    }
    return sum;
  }

  /// The number of statements about a run that do not hold. Its totals can be judged only if all images were saved.
  int64_t compare(const Json& entry, int64_t index, const Recount& count) {
    int64_t failures = 0;
    const auto expect = [&](bool holds, const std::string& what) {
      if (holds) return;
      ++failures;
      fmt::print("run {} ({}): {}\n", index, entry["model"].get<std::string>(), what);
    };
    expect(count.differ == 0, fmt::format("{} verdicts differ", count.differ));
    expect(count.outside == 0, fmt::format("{} images leave budget or box", count.outside));
    const Json& sizes = entry["perturbation"];
    if (parse_norm(entry["norm"]) == Norm::linf) {
      expect(sizes["linf"]["max"].get<double>() <= entry["epsilon"].get<double>() + 1e-6, "the largest perturbation is above epsilon");
    }
    if (count.images != entry["count"].get<int64_t>()) return failures;
    const auto near = [&](const Json& said, double found, const char* what) {
      expect(std::abs(said.get<double>() - found) <= 1e-6 * std::max(1.0, std::abs(found)), fmt::format("{} is {}, the report says {}", what, found, said.dump()));
    };
    const auto images = static_cast<double>(count.images);
    const Json& accuracy = entry["accuracy"];
    near(accuracy["robust"]["successes"], count.robust, "robust successes");
    near(accuracy["robust_quantized"]["successes"], count.quantized, "robust successes of 8-bit images");
    near(accuracy["clean"]["successes"], count.clean, "clean successes");
    near(sizes["linf"]["mean"], count.linf_sum / images, "mean Linf size");
    near(sizes["linf"]["max"], count.linf_max, "largest Linf size");
    near(sizes["l2"]["mean"], count.l2_sum / images, "mean L2 size");
    near(sizes["l2"]["max"], count.l2_max, "largest L2 size");
    return failures;
  }

  const Safetensors& examples(const std::string& file, const std::string& sha) {
    const auto found = files_.find(file);
    if (found != files_.end()) return found->second;
    const std::string bytes = read_file(file);
    if (sha256(bytes) != sha) throw RunError(file + ": is not the file that the report names: its SHA-256 differs");
    return files_[file] = parse_safetensors(bytes, file);
  }

  std::shared_ptr<Model> model(const std::string& id) {
    const auto found = models_.find(id);
    if (found != models_.end()) return found->second;
    const LoadedModel loaded = load_model(Spec::parse(id), device_);
    for (const auto& entry : report_["models"]) {
      if (entry["id"] == id && entry["checkpoint"]["sha256"] != loaded.sha256) {
        throw RunError(fmt::format("{}: is not the checkpoint that the report was made with: its SHA-256 differs", loaded.path));
      }
    }
    return models_[id] = loaded.network;
  }

  std::string path_;
  Json report_;
  at::Device device_;
  Dataset data_;
  std::map<std::string, Safetensors> files_;
  std::map<std::string, std::shared_ptr<Model>> models_;
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
