// What `sweep` and `evaluate` share: their flags, the plan made of them, and running it.
#pragma once

#include <string>

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
  /// Runs the plan and returns the report. With a path it is written there, and its examples beside it
  /// (cli/examples.h).
  Json run(Journal& journal, const std::string& out) const;

 private:
  std::shared_ptr<Model> add_surrogate(const std::string& spec);
  /// If an attack has something to learn.
  void load_training(const Spec& data);
};

}  // namespace aigis
