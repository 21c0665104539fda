// What a sweep runs: attack x defense x access, and what each attack is given to see.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/eval/access.h"
#include "lib/eval/attack.h"
#include "lib/eval/defense.h"

namespace aigis {

/// What the attack is given.
struct Access {
  std::string name = kWhiteBox;      ///< one of the words of access.h
  std::shared_ptr<Model> surrogate;  ///< the other model that a transferred attack sees; else null

  bool sees_defense() const { return name == kWhiteBox; }
};
/// Reads a name; `load` gives the model of "transfer:MODEL". Throws InputError for an unknown one.
Access parse_access(const std::string& name, const std::function<std::shared_ptr<Model>(const std::string&)>& load);

/// One line of a report, over all budgets. Without a defense grey-box is white-box.
struct Run {
  std::shared_ptr<const Attack> attack;    ///< null: no attack, or the worst case
  std::shared_ptr<const Defense> defense;  ///< null: no defense
  Access access;
  std::vector<size_t> worst_of = {};  ///< runs before it of which it takes the worst for each image; else empty

  bool is_worst_case() const { return !worst_of.empty(); }
  /// Whether what the attack sees is what judges it.
  bool sees_judge() const { return !access.surrogate && (!defense || access.sees_defense()); }
  /// What random gates draw when the run is judged. A worst case is chosen by the verdicts on its attacks; by the same
  /// draws it would lie below each of several equal attacks by chance alone.
  Purpose judged_by() const { return is_worst_case() ? Purpose::redraw_gates : Purpose::verdict_gates; }
};

/// Throws InputError if the attack does not exist in the norm.
void check_norm(const Attack& attack, Norm norm);
/// All combinations; a run that would repeat another is left out. With `worst_case`, behind them the worst case over
/// all attacks for each defense and access that has several.
std::vector<Run> plan_runs(const std::vector<std::shared_ptr<const Attack>>& attacks,
                           const std::vector<std::shared_ptr<const Defense>>& defenses,
                           const std::vector<Access>& accesses, bool worst_case);
/// Throws InputError, with the attack's name, if it cannot attack such a model.
void check_attack(const Attack& attack, const ModelCard& card);
/// For each defense the numbers of the runs that it stands in, by the first of them.
std::vector<std::vector<size_t>> runs_by_defense(const std::vector<Run>& runs);
/// What attacks are called within the worst case of them: their names, "pgd (2)" for the second of a name.
std::vector<std::string> worst_case_labels(const std::vector<Run>& runs, const Run& worst);

/// What an attack sees of a run against a model.
struct View {
  std::shared_ptr<const Defense> defense;  ///< null: none
  std::shared_ptr<Model> model;            ///< behind that defense
  Judge judge;                             ///< whether that is what judges it, to an attack that heeds its judge
};
View view_of(const Run& run, const std::shared_ptr<Model>& model);

/// [N] classes that a run's attack on a bare model wants its images to be taken for; undefined without a target.
at::Tensor wanted_classes(const Run& run, const std::shared_ptr<Model>& model, const Batch& batch, uint64_t seed);

}  // namespace aigis
