// The comparisons of a report as they are drawn: two runs, and by how much one model leads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/plot/runs.h"

namespace aigis::plotting {

/// Two models under the same attack, on the same images.
struct Compared {
  const PlottedRun *a, *b;           ///< of whole curves those at the largest budget; null where the report has no such
  std::optional<double> difference;  ///< a's accuracy less b's
  const Json *ends, *entry;          ///< its interval, and all that the report says
  std::string budget;                ///< "8/255", or "0 to 8/255"
  std::optional<double> accuracy_a, accuracy_b;  ///< under the attack; of whole curves their means

  /// Whether the report says that one of them is ahead, and both are known.
  bool is_decided() const;
  const PlottedRun* leader() const;    ///< of one that is decided
  const PlottedRun* follower() const;  ///< likewise
  /// Whether it is of the worst case over attacks, for each image.
  bool is_worst_case() const;
  /// Whether it is of images that were made against another model: how they transfer, not what each model withstands.
  bool is_transfer() const;
  /// The accuracy of a or b.
  std::optional<double> accuracy(const PlottedRun* of) const { return of == a ? accuracy_a : accuracy_b; }
  /// "+1.2 [0.3, 2.1]": the difference in points as HTML, positive where `first` (a or b) leads.
  std::string points(const PlottedRun* first) const;
};

/// At single budgets above 0.
std::vector<Compared> compared_budgets(const RunList& list, size_t file);
/// Without an attack.
std::vector<Compared> compared_clean(const RunList& list, size_t file);
/// Over all budgets, from 0 to the largest.
std::vector<Compared> compared_curves(const RunList& list, size_t file);

}  // namespace aigis::plotting
