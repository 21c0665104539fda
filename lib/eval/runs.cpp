#include "lib/eval/runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib/core/error.h"
#include "lib/core/text.h"

namespace aigis {

Access parse_access(const std::string& name, const std::function<std::shared_ptr<Model>(const std::string&)>& load) {
  if (const std::string model = surrogate_of(name); !model.empty()) return {name, load(model)};
  if (name == kWhiteBox || name == kGreyBox) return {name, nullptr};
  throw InputError(unknown_name("access", name, {kWhiteBox, kGreyBox, transfer_from("MODEL")}));
}

std::vector<Run> plan_runs(const std::vector<std::shared_ptr<const Attack>>& attacks,
                           const std::vector<std::shared_ptr<const Defense>>& defenses,
                           const std::vector<Access>& accesses, bool worst_case) {
  std::vector<Run> runs;
  for (const auto& attack : attacks) {
    for (const auto& defense : defenses) {
      for (const Access& access : accesses) {
        // Without a defense, or without an attack, there is nothing that seeing it could change.
        const bool matters = attack && (defense || access.surrogate);
        const Access effective = matters ? access : Access{};
        const bool repeated = std::any_of(runs.begin(), runs.end(), [&](const Run& r) {
          return r.attack == attack && r.defense == defense && r.access.name == effective.name;
        });
        if (!repeated) runs.push_back({attack, defense, effective});
      }
    }
  }
  if (!worst_case) return runs;
  std::vector<Run> worst;
  for (size_t r = 0; r < runs.size(); ++r) {
    if (!runs[r].attack) continue;
    const auto same = std::find_if(worst.begin(), worst.end(), [&](const Run& w) {
      return w.defense == runs[r].defense && w.access.name == runs[r].access.name;
    });
    if (same == worst.end()) worst.push_back({nullptr, runs[r].defense, runs[r].access, {r}});
    else same->worst_of.push_back(r);
  }
  for (Run& run : worst) {
    if (run.worst_of.size() > 1) runs.push_back(std::move(run));
  }
  return runs;
}

void check_norm(const Attack& attack, Norm norm) {
  std::vector<std::string> names;
  for (const Norm one : attack.norms()) {
    if (one == norm) return;
    names.emplace_back(norm_name(one));
  }
  const std::string refusal = attack.refusal(norm);
  if (!refusal.empty()) throw InputError(fmt::format("attack '{}': {}", attack.name(), refusal));
  throw InputError(fmt::format("attack '{}' does not exist in the norm {}; expected {}", attack.name(), norm_name(norm),
                               join(names, ", ")));
}

void check_attack(const Attack& attack, const ModelCard& card) {
  try {
    attack.check(card);
  } catch (const InputError& error) {
    throw InputError(fmt::format("attack '{}': {}", attack.name(), error.what()));
  }
}

std::vector<std::vector<size_t>> runs_by_defense(const std::vector<Run>& runs) {
  std::vector<std::vector<size_t>> groups;
  for (size_t r = 0; r < runs.size(); ++r) {
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const std::vector<size_t>& group) {
      return runs[group.front()].defense == runs[r].defense;
    });
    if (same == groups.end()) groups.push_back({r});
    else same->push_back(r);
  }
  return groups;
}

std::vector<std::string> worst_case_labels(const std::vector<Run>& runs, const Run& worst) {
  std::vector<std::string> labels;
  std::map<std::string, int> seen;
  for (const size_t r : worst.worst_of) {
    const std::string name = runs[r].attack->name();
    const int times = ++seen[name];
    labels.push_back(times == 1 ? name : fmt::format("{} ({})", name, times));
  }
  return labels;
}

View view_of(const Run& run, const std::shared_ptr<Model>& model) {
  if (run.access.surrogate) return {nullptr, run.access.surrogate, Judge::another};
  const auto seen = run.access.sees_defense() ? run.defense : nullptr;
  const bool stops = run.attack && run.attack->heeds_judge() && run.sees_judge();
  return {seen, defended(model, seen), stops ? Judge::this_model : Judge::another};
}

at::Tensor wanted_classes(const Run& run, const std::shared_ptr<Model>& model, const Batch& batch, uint64_t seed) {
  if (!run.attack) return {};
  const View view = view_of(run, model);
  Victim victim(*view.model, seed, view.judge);
  return run.attack->targets(victim, batch);
}

}  // namespace aigis
