// An attack proposes; the verdict (verdict.h) projects, clips and judges.
#pragma once

#include <c10/util/ArrayRef.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lib/core/catalogue.h"
#include "lib/data/dataset.h"
#include "lib/eval/norm.h"
#include "lib/eval/victim.h"

namespace aigis {

/// What an attack is out for, and what a report measures it by beside noise of the same size.
enum class Aim {
  wrong_answer,
  unseen_wrong_answer,  ///< at an executed cost that a monitor of execution rates lets pass
  more_compute,
  less_compute,
  uneven_compute,  ///< that varies from pass to pass
  graph,           ///< that of another class
};

/// Const and repeatable: all state of a run lives inside `propose`.
class Attack {
 public:
  virtual ~Attack() = default;
  virtual std::string name() const = 0;
  /// Every option with its value. These names mean the same in every attack that has them, and checks go by them:
  /// - steps, restarts, queries: whole numbers that say how long it is; twice as many make the same attack longer
  /// - draws: what draws() tells, where version is rand if there is such an option
  /// - loss: one of ce, margin and dlr at least, with the label unless target is another than none
  /// - relative_step_size beside loss: it is one ascent of that loss
  /// - keep (last or best): which iterate counts; keep_label: whether images whose answer changed do not
  virtual Json options() const = 0;
  /// How its gradients pass hard gates, which an attack of several may do in several ways; empty without gradients.
  virtual std::set<GateGradient> gate_paths() const = 0;
  /// Else it sees answers alone.
  bool sees_gradients() const { return !gate_paths().empty(); }
  /// For the report: the path's name, "all" for several, "none" without gradients.
  std::string gradient_mode() const {
    const std::set<GateGradient> paths = gate_paths();
    if (paths.empty()) return "none";
    return paths.size() == 1 ? gate_gradient_name(*paths.begin()) : "all";
  }
  virtual std::vector<Norm> norms() const = 0;
  /// Why a norm is not among them, where an option says so; empty elsewhere.
  virtual std::string refusal(Norm) const { return {}; }
  /// Whether it stops at images that the judge is known to get wrong (Victim::is_final).
  virtual bool heeds_judge() const { return false; }
  /// Draws of a model's noise that it heeds at each step: over which its gradients are averaged, or in each of which an
  /// image must be wrong.
  virtual int64_t draws() const { return 1; }
  /// Those that it averages over: its gradients, or what it tells images apart by.
  virtual int64_t averaged_draws() const { return draws(); }
  /// Side in pixels of the square in the upper left corner that it keeps to; 0: it may change all of an image.
  virtual int64_t patch() const { return 0; }
  /// Whether the work for one budget serves all of them.
  virtual bool shares_budgets() const { return false; }
  /// Throws InputError if it cannot attack such a model, before any work is done.
  virtual void check(const ModelCard&) const {}
  /// What a reader of the report should know of this attack on such a model, such as a loss that was replaced.
  virtual std::vector<std::string> notes(const ModelCard&) const { return {}; }

  virtual Aim aim() const { return Aim::wrong_answer; }
  /// Whether a wrong answer is what it is out for, so that models are robust by it.
  bool wants_answer() const { return aim() == Aim::wrong_answer || aim() == Aim::unseen_wrong_answer; }
  /// Whether every wrong answer will do, or that of a target (is_targeted). With a further condition, such as a cost
  /// that stays or a graph that is to be taken on, it passes by answers without it.
  virtual bool wants_any_answer() const { return aim() == Aim::wrong_answer; }

  /// How many training images it learns from before it attacks; 0: it has nothing to learn.
  virtual int64_t learns_from() const { return 0; }
  /// The attack that has learnt from such images what it needs within these budgets; null where there is nothing.
  virtual std::shared_ptr<const Attack> learnt(Victim&, const Batch& /*training*/, Norm,
                                               at::ArrayRef<double> /*epsilons*/) const {
    return nullptr;
  }

  /// The attack that has found out of these images what serves every budget, for `propose` with the same batch or some
  /// of it; null where there is nothing. Of other images it finds out when they come. What that costs counts as work
  /// for each budget.
  virtual std::shared_ptr<const Attack> prepared_for(Victim&, const Batch&) const { return nullptr; }

  /// Whether it aims at classes that it is given or chooses beforehand.
  virtual bool is_targeted() const { return false; }
  /// [N] classes that the images are to be taken for, the same whatever batch they are in; undefined without a target.
  virtual at::Tensor targets(Victim&, const Batch&) const { return {}; }

  /// One candidate batch for each epsilon (in [0, 1] pixel units), inside the ball and inside [0, 1].
  /// Work that does not depend on epsilon is done once. The batch is not changed.
  virtual std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                          at::ArrayRef<double> epsilons) const = 0;
};

}  // namespace aigis
