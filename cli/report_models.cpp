#include "cli/report_models.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/evaluated_model.h"
#include "cli/verification.h"
#include "lib/core/error.h"
#include "lib/core/files.h"
#include "reports/report_version.h"

namespace aigis {

namespace fs = std::filesystem;

const LoadedModel& ReportModels::model(const std::string& id) {
  const auto found = loaded_.find(id);
  if (found != loaded_.end()) return found->second;
  return loaded_[id] = load(id, report_["models"][index_of(id)]["checkpoint"]);
}

std::shared_ptr<Model> ReportModels::surrogate(const std::string& id) const {
  for (const Json& entry : report_.value("surrogates", Json::array())) {
    if (entry["id"].get_ref<const std::string&>() == id) return load(id, entry["checkpoint"]).model;
  }
  throw InputError(fmt::format("{}: /surrogates: '{}' is missing, though /config asks for it", path_, id));
}

size_t ReportModels::index_of(const std::string& id) const {
  size_t m = 0;
  while (report_["models"][m]["id"].get_ref<const std::string&>() != id) {
    ++m;  // read_report() has seen to it that it is there
  }
  return m;
}

std::string ReportModels::file_of(const std::string& id) {
  Spec spec = Spec::parse(id);
  const std::string* path = model_path(spec);
  return path ? *path : "";
}

/// A checkpoint named relative to the folder where the sweep ran: from here, else from the report's folder upwards.
std::string ReportModels::located(const std::string& checkpoint) const {
  std::error_code error;
  if (fs::exists(checkpoint, error) || fs::path(checkpoint).is_absolute()) return checkpoint;
  for (fs::path folder = fs::absolute(path_).parent_path();; folder = folder.parent_path()) {
    if (fs::exists(folder / checkpoint, error)) return (folder / checkpoint).string();
    if (folder == folder.parent_path()) return checkpoint;
  }
}

LoadedModel ReportModels::load(const std::string& id, const Json& checkpoint) const {
  Spec spec = Spec::parse(id);
  if (std::string* path = model_path(spec)) {
    *path = located(*path);
    // Before it is read: a checkpoint that was changed may be none any more.
    if (checkpoint.is_null() || checkpoint["sha256"].get<std::string>() != sha256_file(*path)) {
      throw RunError(
          fmt::format("{}: is not the checkpoint that the report was made with: its SHA-256 differs", *path));
    }
  }
  take_recorded(spec);  // a matter of speed, on a GPU: here it runs as it is
  const uint64_t seed =
      minor_version_of(report_["version"].get<std::string>(), path_) < since::kSeededFixedNoise ? 0 : plan_.seed;
  LoadedModel loaded = evaluated_model(spec, plan_.data, seed, device_);
  loaded.id = id;
  return loaded;
}

}  // namespace aigis
