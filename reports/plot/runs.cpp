#include "reports/plot/runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "lib/core/error.h"
#include "lib/core/text.h"
#include "lib/eval/access.h"
#include "reports/comparison.h"
#include "reports/plot/distinct_runs.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

void add_model(RunList& list, const Json& model, size_t file) {
  const std::string id = text_at(model, {"id"});
  PlottedModel made{short_id(id), &model, {}};
  const Json& layers = at(model, {"gates", "layers"});
  if (layers.is_array()) {
    for (const auto& layer : layers) made.layers.push_back(text_at(layer, {"name"}));
  }
  const auto taken = [&] {
    return std::any_of(list.models.begin(), list.models.end(), [&](const auto& m) { return m.label == made.label; });
  };
  if (taken()) made.label = id;
  if (taken()) made.label = fmt::format("{} (file {})", short_id(id), file + 1);
  list.models.push_back(std::move(made));
}

/// Position of a file's model in the list: the same id with the same weights is the same model.
std::optional<size_t> find_model(const RunList& list, const std::string& id, const std::string& sha256) {
  for (size_t i = 0; i < list.models.size(); ++i) {
    const Json& model = *list.models[i].json;
    if (text_at(model, {"id"}) == id && text_at(model, {"checkpoint", "sha256"}) == sha256) return i;
  }
  return std::nullopt;
}

std::string setting_name(const Json& run) {
  const std::string defense = text_at(run, {"defense", "name"}), access = text_at(run, {"access"});
  const bool none = defense.empty() || defense == "none";
  std::string name = none ? "no defense" : defense;
  // Without a defense white box and grey box are the same thing.
  if (!access.empty() && !(none && (access == kWhiteBox || access == kGreyBox))) name += ", " + access;
  return name;
}

std::vector<std::string> distinct(const std::vector<PlottedRun>& runs, std::string PlottedRun::*label) {
  std::vector<std::string> labels;
  for (const auto& run : runs) {
    if (std::find(labels.begin(), labels.end(), run.*label) == labels.end()) labels.push_back(run.*label);
  }
  return labels;
}

}  // namespace

bool PlottedRun::attacked() const { return text_at(*json, {"attack", "name"}) != "none"; }

bool PlottedRun::is_clean() const { return aigis::is_clean(text_at(*json, {"attack", "name"}), epsilon); }

std::vector<std::string> RunList::attacks() const { return distinct(runs, &PlottedRun::attack); }
std::vector<std::string> RunList::settings() const { return distinct(runs, &PlottedRun::setting); }
const Json& RunList::classes(const PlottedRun& run) const { return at(files[run.file], {"data", "classes"}); }

RunList join_runs(std::span<const Json> files) {
  RunList list{{}, {}, {}, files};
  for (size_t f = 0; f < files.size(); ++f) {
    if (text_at(files[f], {"schema"}) != "aigis-report") continue;
    std::map<std::string, size_t> models;
    for (const auto& model : at(files[f], {"models"})) {
      const std::string id = text_at(model, {"id"});
      auto known = find_model(list, id, text_at(model, {"checkpoint", "sha256"}));
      if (!known) {
        add_model(list, model, f);
        known = list.models.size() - 1;
      }
      models[id] = *known;
    }
    const Json& runs = at(files[f], {"runs"});
    for (size_t i = 0; i < runs.size(); ++i) {
      const auto model = models.find(text_at(runs[i], {"model"}));
      const auto epsilon = number_at(runs[i], {"epsilon"});
      if (model == models.end() || !epsilon) continue;
      list.runs.push_back({&runs[i], f, i, model->second, text_at(runs[i], {"attack", "name"}), setting_name(runs[i]),
                           text_at(runs[i], {"norm"}), *epsilon});
    }
  }
  make_distinct(list);
  return list;
}

const PlottedRun* find_run(const RunList& list, size_t file, size_t index) {
  const auto found = list.places.find({file, index});
  return found == list.places.end() ? nullptr : &list.runs[found->second];
}

const PlottedRun* find_run(const RunList& list, size_t file, const Json& index) {
  return index.is_number_unsigned() ? find_run(list, file, index.get<size_t>()) : nullptr;
}

std::string defended_label(const RunList& list, const PlottedRun& run) {
  std::string setting = run.setting;
  const std::string access = ", " + text_at(*run.json, {"access"});
  if (const auto place = setting.find(access); place != std::string::npos) setting.erase(place, access.size());
  return list.models[run.model].label + (setting.starts_with("no defense") ? "" : ", " + setting);
}

RunList select_runs(RunList list, const PlotSelection& selection) {
  const auto keep = [&](const std::string& kind, const std::string& wanted, const auto& names_of) {
    if (wanted.empty()) return;
    std::vector<std::string> known;
    std::vector<PlottedRun> kept;
    for (const auto& run : list.runs) {
      const std::vector<std::string> names = names_of(run);
      if (std::find(names.begin(), names.end(), wanted) != names.end()) kept.push_back(run);
      else if (std::find(known.begin(), known.end(), names.front()) == known.end()) known.push_back(names.front());
    }
    if (kept.empty()) throw InputError(unknown_name(kind, wanted, known));
    list.runs = std::move(kept);
  };
  using Names = std::vector<std::string>;
  keep("model", selection.model, [&](const PlottedRun& run) {
    return Names{list.models[run.model].label, text_at(*list.models[run.model].json, {"id"})};
  });
  keep("attack", selection.attack, [](const PlottedRun& run) {
    return Names{text_at(*run.json, {"attack", "name"}), run.attack};
  });
  keep("defense", selection.defense, [](const PlottedRun& run) {
    return Names{text_at(*run.json, {"defense", "name"})};
  });
  keep("access", selection.access, [](const PlottedRun& run) { return Names{text_at(*run.json, {"access"})}; });
  return list;
}

}  // namespace aigis::plotting
