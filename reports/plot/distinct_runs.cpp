#include "reports/plot/distinct_runs.h"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

using Facts = std::map<std::string, std::string>;
constexpr const char* kGradient = "gradient";  ///< how gradients pass; follows from an option, where that is known

/// What may tell two runs of one attack on one defended model at one budget apart.
Facts facts_of(const Json& run, const std::string& method) {
  Facts facts{{kGradient, text_at(run, {method.c_str(), "gradient_mode"})}};
  const Json& options = at(run, {method.c_str(), "options"});
  if (options.is_object()) {
    for (const auto& [key, value] : options.items()) facts[key] = text_of(value);
  }
  return facts;
}

/// Where a run falls in a figure.
std::string point_of(const PlottedRun& run) {
  return fmt::format("{}|{}|{}|{}|{}", run.model, run.attack, run.setting, run.norm, run.epsilon);
}

/// Lengthens the labels of runs that would otherwise fall on the same point by the facts in which they differ.
/// An option that only follows the budget, such as a step size, tells nothing apart and stays out.
void tell_apart(RunList& list, const char* method, std::string PlottedRun::*label,
                const std::function<Facts(const PlottedRun&)>& facts) {
  std::map<std::string, std::vector<PlottedRun*>> points;
  for (auto& run : list.runs) points[point_of(run)].push_back(&run);
  std::map<std::string, std::set<std::string>> differing;  // by the method's name
  for (const auto& [point, runs] : points) {
    const Facts first = facts(*runs.front());
    for (const auto* run : runs) {
      for (const auto& [key, value] : facts(*run)) {
        const auto other = first.find(key);
        if (other == first.end() || other->second != value) {
          differing[text_at(*run->json, {method, "name"})].insert(key);
        }
      }
    }
  }
  for (auto& [name, keys] : differing) {
    if (keys.size() > 1) keys.erase(kGradient);
  }
  for (auto& run : list.runs) {
    const Facts all = facts(run);
    for (const auto& key : differing[text_at(*run.json, {method, "name"})]) {
      const auto fact = all.find(key);
      if (fact != all.end() && !fact->second.empty()) run.*label += fmt::format(" {}={}", key, fact->second);
    }
  }
}

/// Keeps the last of the runs that still fall on one point.
void drop_repeated(RunList& list) {
  std::map<std::string, size_t> last;
  for (size_t i = 0; i < list.runs.size(); ++i) last[point_of(list.runs[i])] = i;
  std::map<size_t, size_t> place;  // of what is kept, by where it stood
  std::vector<PlottedRun> kept;
  for (size_t i = 0; i < list.runs.size(); ++i) {
    if (last[point_of(list.runs[i])] != i) continue;
    place[i] = kept.size();
    kept.push_back(list.runs[i]);
  }
  for (const auto& run : list.runs) list.places[{run.file, run.index}] = place[last[point_of(run)]];
  list.runs = std::move(kept);
}

}  // namespace

void make_distinct(RunList& list) {
  const auto of = [](const char* method) {
    return [method](const PlottedRun& run) { return facts_of(*run.json, method); };
  };
  // The data first: points of different images must not be taken for repetitions.
  tell_apart(list, "attack", &PlottedRun::attack, [&](const PlottedRun& run) {
    const Json& of_file = at(list.files[run.file], {"data"});
    return Facts{{"data", fmt::format("{} {} {}", text_at(of_file, {"name"}), text_at(of_file, {"split"}),
                                      text_at(of_file, {"sha256"}).substr(0, 8))}};
  });
  tell_apart(list, "attack", &PlottedRun::attack, of("attack"));
  tell_apart(list, "defense", &PlottedRun::setting, of("defense"));
  tell_apart(list, "defense", &PlottedRun::setting, [](const PlottedRun& run) {
    return Facts{{"seed", text_at(*run.json, {"seed"})}, {"count", text_at(*run.json, {"count"})}};
  });
  drop_repeated(list);
}

}  // namespace aigis::plotting
