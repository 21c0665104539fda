#include "attacks/autoattack.h"

#include <ATen/ops/ones_like.h>

#include "attacks/apgd_ce.h"
#include "attacks/apgd_dlr.h"
#include "attacks/apgd_t.h"
#include "attacks/fab_t.h"
#include "attacks/square.h"

namespace aigis {
namespace {

Batch selected(const Batch& batch, const at::Tensor& rows) {
  return {batch.images.index_select(0, rows), batch.labels.index_select(0, rows),
          batch.ids.index_select(0, rows.to(batch.ids.device()))};
}

/// [N] bool: wrong in every draw of the attack's own noise.
at::Tensor always_wrong(Victim& victim, const Batch& batch, const at::Tensor& images, uint32_t step) {
  at::Tensor wrong = at::ones_like(batch.labels, at::TensorOptions(at::kBool));
  for (int64_t draw = 0; draw < victim.card().draws; ++draw) {
    const Output output = victim.forward(images, batch.ids, {0, static_cast<uint32_t>(draw), step});
    wrong = wrong.logical_and(output.logits.argmax(1).ne(batch.labels));
  }
  return wrong;
}

}  // namespace

void AutoAttackOptions::bind(OptionTable& table) {
  table.choice<AutoAttackVersion>(
      "version", &version, {{"standard", AutoAttackVersion::standard}, {"rand", AutoAttackVersion::rand}},
      "apgd-ce, apgd-t, fab-t and square; or for models with random gates apgd-ce and apgd-dlr over many draws");
  table.integer("steps", &steps, 1, 100'000, "of apgd and fab");
  table.integer("queries", &queries, 1, 10'000'000, "of square");
  table.integer("draws", &draws, 1, 10'000, "gradients that a step of version rand averages over");
  path.bind(table);
}

AutoAttack::AutoAttack(const Options& options) : options_(options) {
  for (const bool l1 : {false, true}) {
    Stages& list = l1 ? stages_l1_ : stages_;
    const auto auto_pgd = [&](auto stage) {
      stage.steps = options.steps;
      stage.objective.path = options.path;
      if (options.version == AutoAttackVersion::rand) stage.objective.draws = options.draws;
      else stage.larger_budgets = l1;
      return stage;
    };
    auto ce = auto_pgd(ApgdCe::Options{});
    if (options.version == AutoAttackVersion::rand) {
      list = {std::make_shared<AutoPgdAttack<ApgdCe>>(ce),
              std::make_shared<AutoPgdAttack<ApgdDlr>>(auto_pgd(ApgdDlr::Options{}))};
      continue;
    }
    auto towards = auto_pgd(ApgdT::Options{});
    if (l1) ce.restarts = towards.classes = 5;
    FabT::Options fab;
    fab.steps = options.steps;
    fab.path = options.path;
    Square::Options square;
    square.queries = options.queries;
    list = {std::make_shared<AutoPgdAttack<ApgdCe>>(ce), std::make_shared<AutoPgdAttack<ApgdT>>(towards),
            std::make_shared<NearestAttack<FabT>>(fab), std::make_shared<Square>(square)};
  }
}

void AutoAttack::check(const ModelCard& card) const {
  for (const auto& stage : stages_) stage->check(card);
}

std::vector<std::string> AutoAttack::notes(const ModelCard& card) const {
  std::vector<std::string> notes;
  for (const auto& stage : stages_) {
    for (const auto& note : stage->notes(card)) notes.push_back(stage->name() + ": " + note);
  }
  return notes;
}

std::vector<at::Tensor> AutoAttack::propose(Victim& victim, const Batch& batch, Norm norm,
                                            at::ArrayRef<double> epsilons) const {
  std::vector<at::Tensor> candidates;
  for (const double epsilon : epsilons) {
    at::Tensor images = batch.images.clone();
    at::Tensor left = always_wrong(victim, batch, images, 0).logical_not().nonzero().squeeze(1);
    uint32_t number = 0;
    for (const auto& stage : stages(norm)) {
      if (left.size(0) == 0) break;
      const Batch rest = selected(batch, left);
      const at::Tensor found = stage->propose(victim, rest, norm, {epsilon})[0];
      const at::Tensor wrong = always_wrong(victim, rest, found, ++number), won = wrong.nonzero().squeeze(1);
      victim.credit(stage->name(), left.size(0), won.size(0));
      // What withstands all keeps the first attack's image, the one of the greatest loss.
      const at::Tensor taken = number == 1 ? left : left.index_select(0, won);
      images.index_copy_(0, taken, number == 1 ? found : found.index_select(0, won));
      left = left.index_select(0, wrong.logical_not().nonzero().squeeze(1));
    }
    candidates.push_back(images);
  }
  return candidates;
}

}  // namespace aigis
