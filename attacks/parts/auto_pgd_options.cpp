#include <fmt/format.h>

#include "attacks/parts/auto_pgd.h"

namespace aigis {

OptionTable::Added bind_judged_by(OptionTable& table, JudgedBy* judged_by) {
  return table.choice<JudgedBy>(
      "judged_by", judged_by, {{"all-draws", JudgedBy::all_draws}, {"last-draw", JudgedBy::last_draw}},
      "draws of a step that tell the loss of an image and whether it is broken; last-draw: as AutoAttack's authors");
}

void AutoPgdOptions::bind(OptionTable& table) {
  table.integer("steps", &steps, 1, 100'000, "gradient steps");
  table.number("rho", &rho, 0, 1, "share of iterations", "in which the loss must rise for a step to keep its length");
  table.integer("restarts", &restarts, 1, 10'000, "runs from other starts; the best of them counts");
  table.flag("larger_budgets", &larger_budgets,
             "come from 3 and 2 epsilons, 3/10 of the steps each; for the norm l1 only");
  bind_judged_by(table, &judged_by).only_with("draws>1");
  band.bind(table);
  bind_stop(table, &stop);
}

std::vector<Norm> AutoPgdOptions::norms() const { return larger_budgets ? std::vector{Norm::l1} : all_norms(); }

std::string AutoPgdOptions::refusal(Norm norm) const {
  if (!larger_budgets || (norm != Norm::linf && norm != Norm::l2)) return {};
  return fmt::format("larger_budgets=true is for the norm l1, not {}; expected larger_budgets=false", norm_name(norm));
}

void AutoPgdOptions::check(const ModelCard& card) const {
  check_target(objective, card);
  check_wrong_classes("classes", classes, card);
}

}  // namespace aigis
