// `aigis verify`: judges saved adversarial images again, from scratch.
#include <fmt/format.h>

#include <ATen/Parallel.h>
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
#include "lib/core/workers.h"
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

/// Sums over saved images of one run.
struct Recount {
  double robust = 0, quantized = 0, clean = 0;
  double linf_sum = 0, linf_max = 0, l2_sum = 0, l2_max = 0;
  int64_t images = 0, differ = 0, outside = 0;

  void merge(const Recount& other) {
    robust += other.robust;
    quantized += other.quantized;
    clean += other.clean;
    linf_sum += other.linf_sum;
    linf_max = std::max(linf_max, other.linf_max);
    l2_sum += other.l2_sum;
    l2_max = std::max(l2_max, other.l2_max);
    images += other.images;
    differ += other.differ;
    outside += other.outside;
  }
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
    // The same batches as the sweep's, in the same way, as far as images were saved: rounding is then the same, too.
    const Json batch = report_["config"].value("batch", Json(100));
    if (!batch.is_number_integer()) throw InputError(path_ + ": config.batch is not a whole number");
    const int64_t batch_size = std::clamp<int64_t>(batch.get<int64_t>(), 1, std::max<int64_t>(1, count));
    std::vector<Recount> parts(static_cast<size_t>((count + batch_size - 1) / batch_size));
    run_in_parallel(static_cast<int64_t>(parts.size()), device_.is_cpu() ? at::get_num_threads() : 1, [&](int64_t b) {
      check_stop();
      const int64_t begin = b * batch_size, end = std::min(begin + batch_size, count);
      parts[static_cast<size_t>(b)] = recount_batch(*target, entry, take(data_, begin, end - begin, device_),
                                                    images->second.slice(0, begin, end).to(device_), hits->second.slice(0, begin, end));
    });
    Recount sum;
    for (const auto& part : parts) sum.merge(part);
    return sum;
  }

  Recount recount_batch(Model& target, const Json& entry, const Batch& batch, const at::Tensor& proposed, const at::Tensor& hits) const {
    const Admitted admitted = admit(batch.images, proposed, parse_norm(entry["norm"]), entry["epsilon"]);
    const auto draws = static_cast<double>(target.card().draws);
    const auto hits_on = [&](const at::Tensor& x) { return judge(target, x, batch, entry["seed"], Purpose::verdict_gates).hits; };
    const auto successes = [&](const at::Tensor& counts) { return counts.sum().item<double>() / draws; };
    const at::Tensor again = hits_on(proposed);
    Recount count;
    count.differ = again.ne(hits).sum().item<int64_t>();
    count.outside = admitted.over_budget + admitted.out_of_box + admitted.not_finite;
    count.robust = successes(again);
    count.quantized = successes(hits_on(quantized(proposed)));
    count.clean = successes(hits_on(batch.images));
    count.linf_sum = admitted.linf.sum().item<double>();
    count.linf_max = admitted.linf.max().item<double>();
    count.l2_sum = admitted.l2.sum().item<double>();
    count.l2_max = admitted.l2.max().item<double>();
    count.images = batch.labels.size(0);
    return count;
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
