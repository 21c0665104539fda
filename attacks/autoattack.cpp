#include "attacks/autoattack.h"

#include "attacks/apgd_ce.h"
#include "attacks/apgd_dlr.h"
#include "attacks/apgd_t.h"
#include "attacks/fab_t.h"
#include "attacks/square.h"

namespace aigis {
void AutoAttackOptions::bind(OptionTable& table) {
  table.choice<AutoAttackVersion>(
      "version", &version, {{"standard", AutoAttackVersion::standard}, {"rand", AutoAttackVersion::rand}},
      "apgd-ce, apgd-t, fab-t and square; or for models with random gates apgd-ce and apgd-dlr over many draws");
  table.integer("steps", &steps, 1, 100'000, "of apgd and fab");
  table.integer("queries", &queries, 1, 10'000'000, "of square").only_with("version=standard");
  table.integer("draws", &draws, 1, 10'000, "gradients that a step averages over").only_with("version=rand");
  bind_judged_by(table, &judged_by).only_with("version=rand");
  path.bind(table);
}

AutoAttack::AutoAttack(const Options& options) : options_(options) {
  for (const bool l1 : {false, true}) {
    EnsembleStages& list = l1 ? stages_l1_ : stages_;
    const auto add = [&](std::shared_ptr<const Attack> attack) { list.push_back({attack->name(), attack}); };
    const auto auto_pgd = [&](auto stage) {
      stage.steps = options.steps;
      stage.objective.path = options.path;
      if (options.version == AutoAttackVersion::rand) {
        stage.objective.draws = options.draws;
        stage.judged_by = options.judged_by;
      } else {
        stage.larger_budgets = l1;
      }
      return stage;
    };
    auto ce = auto_pgd(ApgdCe::Options{});
    if (options.version == AutoAttackVersion::rand) {
      add(std::make_shared<AutoPgdAttack<ApgdCe>>(ce));
      add(std::make_shared<AutoPgdAttack<ApgdDlr>>(auto_pgd(ApgdDlr::Options{})));
      continue;
    }
    auto towards = auto_pgd(ApgdT::Options{});
    if (l1) ce.restarts = towards.classes = 5;
    FabT::Options fab;
    fab.steps = options.steps;
    fab.draws = 1;  // as its other attacks but square, which asks twice
    fab.path = options.path;
    Square::Options square;
    square.queries = options.queries;
    square.counts = false;  // of a part, from its own first answer on
    add(std::make_shared<AutoPgdAttack<ApgdCe>>(ce));
    add(std::make_shared<AutoPgdAttack<ApgdT>>(towards));
    add(std::make_shared<NearestAttack<FabT>>(fab));
    add(std::make_shared<Square>(square));
  }
}

}  // namespace aigis
