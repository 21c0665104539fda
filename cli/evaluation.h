// What `sweep` and `evaluate` share: their flags, the plan made of them, and running it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "checks/list.h"
#include "cli/settings.h"
#include "reports/report.h"

namespace aigis {

/// Declares the flags of an evaluation. A sweep's epsilons default to a list, an evaluation's to one.
void declare_evaluation(Settings& settings, const std::string& default_epsilons);

/// A plan with everything loaded and checked, and what its report says besides.
struct Evaluation {
  SweepPlan plan;
  CheckLevel checks = CheckLevel::basic;
  ReportContext context;

  /// Throws InputError on whatever is wrong with the settings, before anything is written.
  explicit Evaluation(const Settings& settings);
  /// What a resumed run must have in common with the one that was cut off.
  Json identity() const;
  /// The report, which holds to its schema also where it is only printed.
  Json run() const;
  /// Writes the report to `out` besides, and its examples beside it (cli/examples.h), which it then names. Until it
  /// stands, a journal beside it keeps what is done, and the next such run goes on there.
  Json run_into(const std::string& out) const;

 private:
  /// What came of the plan, and the report of it.
  struct Outcome {
    SweepResult result;
    Json report;
  };
  using Attacks = std::vector<std::shared_ptr<const Attack>>;
  using Defenses = std::vector<std::shared_ptr<const Defense>>;

  /// What can be read without opening a file.
  void read_flags(const Settings& settings);
  void load_data(const Settings& settings);
  void load_models(const Settings& settings);
  /// Loads the models that images are to be transferred from.
  std::vector<Access> accesses_of(const Settings& settings);
  std::shared_ptr<Model> add_surrogate(const std::string& spec);
  void check_attacks() const;
  /// If an attack has something to learn.
  void load_training();
  Outcome run(Journal& journal) const;
  void save(Outcome& outcome, const std::string& out) const;
  Json resolved_config(const Settings& settings, const Attacks& attacks, const Defenses& defenses) const;
};

}  // namespace aigis
