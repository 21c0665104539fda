#include "cli/training_run.h"

#include <fmt/format.h>

#include <filesystem>
#include <tuple>

#include "cli/device.h"
#include "cli/train_state.h"
#include "cli/trainable.h"
#include "lib/core/error.h"
#include "lib/core/text.h"
#include "lib/train/held_out.h"
#include "lib/train/normalization.h"
#include "models/checkpoint.h"
#include "reports/schema.h"

namespace aigis {
namespace fs = std::filesystem;

namespace {

/// Training images over which the execution rates of a checkpoint are measured.
constexpr int64_t kRateImages = 5000;
constexpr const char* kStateFile = "/resume.safetensors";  ///< in the run's folder

/// Where the last epoch ran on another device, or in another precision, than the next will.
void warn_of_other_arithmetic(const Trainer& resumed) {
  const Json& curve = resumed.state().curve;
  if (curve.empty() || !curve.back().contains("device")) return;  // earlier versions did not record it
  const Json &last = curve.back(), now = resumed.arithmetic();
  if (last["device"] == now["device"] && last["precision"] == now["precision"]) return;
  fmt::print(stderr,
             "warning: epoch {} ran on {} in {}, the next will on {} in {}: the weights will not be those of an "
             "unbroken run\n",
             resumed.state().epochs_done, last["device"].get<std::string>(), last["precision"].get<std::string>(),
             now["device"].get<std::string>(), now["precision"].get<std::string>());
}

}  // namespace

TrainingRun::TrainingRun(const Settings& settings, bool resume)
    : folder_(settings.text("out")), architecture_(Spec::parse(settings.text("model"))),
      data_(Spec::parse(settings.text("data"))), device_(parse_device(settings.text("device"))) {
  read_options(settings);
  std::tie(train_, held_out_) = training_data(data_, settings.count("limit", 0));
  const bool goes_on = resume && fs::exists(folder_ + kStateFile);
  const Json init_sha256 = build_network(settings.text("init"), goes_on);
  trainer_ = std::make_unique<Trainer>(*network_, train_, held_out_, options_, device_,
                                       adversarial_training(options_, network_->card()));
  record_ = train_record(architecture_, data_, options_, train_, held_out_, init_sha256);
  enter_folder(goes_on);
}

void TrainingRun::read_options(const Settings& settings) {
  if (folder_.empty()) throw InputError("--out is missing; expected the folder to write the model to");
  OptionTable table;
  options_.bind(table);
  table.assign(settings.as_spec(), "train");
  const std::string limit = settings.text("time_limit");
  if (!limit.empty()) time_limit_ = parse_duration(limit, "--time-limit");
  check_trainable(architecture_);
  check_milestones(options_);
}

Json TrainingRun::build_network(const std::string& init, bool goes_on) {
  NetworkShape shape;
  shape.classes = static_cast<int64_t>(train_.classes.size());
  shape.input = train_.images.sizes().slice(1).vec();
  shape.seed = static_cast<uint64_t>(options_.seed);
  network_ = make_network(architecture_, shape);
  network_->set_gate_mode(network_->gate_modes().front());
  set_normalization(*network_, train_);
  Json init_sha256;
  if (!init.empty() && !goes_on) init_sha256 = start_from(init);
  else if (!init.empty() && fs::exists(init)) init_sha256 = sha256_file(init);
  network_->move_to(device_, at::kFloat);
  if (options_.cuda_graph) check_cuda_graphs("cuda_graph=true", "cuda_graph=false", device_);
  return init_sha256;
}

void TrainingRun::enter_folder(bool goes_on) {
  make_folder(folder_);
  lock_ = FileLock(folder_);
  const std::string state = folder_ + kStateFile;
  if (goes_on) {
    read_train_state(state, record_.config, *network_, *trainer_);
    if (trainer_->state().epochs_done < options_.epochs) warn_of_other_arithmetic(*trainer_);
    fmt::print("resumed after epoch {} of {}\n", trainer_->state().epochs_done, options_.epochs);
  } else if (fs::exists(state)) {
    throw InputError(fmt::format(
        "{}: already holds a training run; add --resume to go on with it, or choose another --out", folder_));
  } else if (fs::exists(folder_ + "/model.safetensors")) {
    throw InputError(fmt::format("{}: holds a model but no state to resume from; choose another --out", folder_));
  }
}

std::string TrainingRun::start_from(const std::string& path) {
  const std::string bytes = read_file(path);
  const Safetensors content = parse_safetensors(bytes, path);
  const auto named = content.metadata.find("architecture");
  if (named != content.metadata.end() && Spec::parse(named->second).name != architecture_.name) {
    throw InputError(fmt::format("{}: its weights are those of {}; expected the weights of {}", path,
                                 Spec::parse(named->second).name, architecture_.name));
  }
  unpack_weights(content, *network_, path);
  return sha256(bytes);
}

Json TrainingRun::final_results() {
  Json results = Json::object();
  std::vector<std::string> modes = network_->gate_modes();
  // An epoch in between shows how the paper's gates do and how deterministic ones do; the last one shows all.
  if (trainer_->state().epochs_done < options_.epochs && modes.size() > 2) modes.resize(2);
  for (const auto& mode : modes) {
    network_->set_gate_mode(mode);
    if (mode == modes.front()) {  // the curve's, measured at the end of its epoch
      const Json& epoch = trainer_->state().curve.back();
      results["held_out"][mode] = epoch["held_out"];
      if (!epoch["execution_rate"].is_null()) results["execution_rate"][mode] = epoch["execution_rate"];
      continue;
    }
    const HeldOutResult result = evaluate_held_out(*network_, held_out_, static_cast<uint64_t>(options_.seed), device_);
    results["held_out"][mode] = result.accuracy.to_json();
    if (!result.rates.empty()) results["execution_rate"][mode] = result.mean_rate();
  }
  network_->set_gate_mode(modes.front());
  return results;
}

void TrainingRun::save() {
  // First: whatever ends the program now, a resumed run goes on from here and writes the rest again.
  write_train_state(folder_ + kStateFile, record_.config, *network_, *trainer_);
  trainer_->with_model([this] { write_model(); });
  const Json document =
      record_.document(network_->card(), trainer_->state().curve, device_, sha256_file(folder_ + "/model.safetensors"));
  validate_report(document, folder_ + "/train.json");
  write_file(folder_ + "/train.json", document.dump(1) + "\n");
}

bool TrainingRun::is_saved() const {
  try {
    const Json written = read_report(folder_ + "/train.json");
    return written.value("curve", Json()) == trainer_->state().curve &&
           written.value("hashes", Json::object()).value("model.safetensors", "") ==
               sha256_file(folder_ + "/model.safetensors");
  } catch (const InputError&) {  // one of them is missing
    return false;
  }
}

void TrainingRun::write_model() {
  network_->set_gate_mode(network_->gate_modes().front());
  if (!network_->card().gated.empty()) {
    const HeldOutResult seen =
        evaluate_held_out(*network_, train_.first(kRateImages), static_cast<uint64_t>(options_.seed), device_);
    network_->set_execution_rates(seen.rates);
  }
  record_.results = final_results();
  write_safetensors(
      folder_ + "/model.safetensors",
      pack_checkpoint(*network_, architecture_, train_.classes, record_.in_checkpoint(trainer_->state().epochs_done)));
}

int TrainingRun::run() {
  const auto before = trainer_->state().epochs_done;
  // A finished run is written once more: this version may record more of it than the one that trained it.
  if (before == options_.epochs || (before > 0 && !is_saved())) save();
  const auto left = time_limit_ ? std::optional(*time_limit_ - watch_.seconds()) : std::nullopt;
  const bool finished = trainer_->run(left, [this] { save(); });
  const auto done = trainer_->state().epochs_done;
  if (!finished && done == before) {
    throw RunError(fmt::format("the time limit came before the end of epoch {}; {}. Give a longer --time-limit",
                               done + 1, trainer_->state().what_is_kept()));
  }
  if (!finished) fmt::print("time limit: {} of {} epochs done; go on with --resume\n", done, options_.epochs);
  fmt::print("{}/model.safetensors\n", folder_);
  return 0;
}

}  // namespace aigis
