// Checks that an evaluation makes of itself, so that a claim of robustness is refused where it cannot be right
// (Carlini et al. 2019, arXiv:1902.06705; Athalye et al. 2018, arXiv:1802.00420;
// Tramèr et al. 2020, arXiv:2002.08347).
#pragma once

#include <vector>

#include "checks/claim.h"

namespace aigis {

enum class CheckLevel {
  off,
  basic,  ///< what costs next to nothing
  full,   ///< attacks made for the checks on a sample, too
};
/// Throws InputError for an unknown word.
CheckLevel parse_check_level(const std::string& word);

struct Check {
  const char* name;
  const char* summary;
  const char* source;
  CheckLevel level;
  /// Null where it does not apply to the claim; undecided where it does and cannot be made.
  std::optional<Finding> (*run)(const Claim& claim);
  /// What its attacks take for an image of the sample, about: in gradients, of three passes each (kForward). Null: it
  /// makes no attack.
  double (*cost)(const Claim& claim) = nullptr;
};

/// The list that there is, in the order in which they are made.
const std::vector<Check>& check_list();

/// All checks up to a level, for each model of a sweep and each defense: [model] findings. What the journal holds is
/// not done again. Throws Interrupted on Ctrl-C.
std::vector<std::vector<Finding>> run_checks(const SweepPlan& plan, const SweepResult& result, CheckLevel level,
                                             Journal& journal);

}  // namespace aigis
