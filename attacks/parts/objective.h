// What attacks maximise: how wrong a model is about an image, or how far it is on the way to a wanted class.
#pragma once

#include <limits>

#include "attacks/parts/gate_term.h"
#include "attacks/parts/worth.h"
#include "lib/core/options.h"
#include "lib/data/dataset.h"
#include "lib/eval/victim.h"

namespace aigis {

enum class LossKind {
  cross_entropy,  ///< -log softmax(z)_y
  margin,         ///< max over j != y of z_j, less z_y (Carlini & Wagner, S&P 2017, f6)
  dlr,            ///< difference of logits ratio (Croce & Hein, ICML 2020, equations 6 and 7): free of scale
  kl,             ///< divergence of the answer from that for the clean image (Zhang et al., ICML 2019, equation 5)
};

/// How gradients pass gates, as options.
struct GatePathOptions : GatePath {
  /// `with_expectation`: for attacks whose gradients come from ascent_direction().
  void bind(OptionTable& table, bool with_expectation = false);
};

struct ObjectiveOptions {
  LossKind loss = LossKind::cross_entropy;
  std::string target = "none";  ///< none, random, least-likely, second, or the number of a class
  int64_t draws = 1;            ///< gradients that a step averages over, for random gates (EOT, Athalye et al. 2018)
  GatePathOptions path;
  // Attacks on gates (gate_options.h):
  double answer_weight = 1;                      ///< the weight of the loss on the answer
  bool wants_answer = true;                      ///< of the iterates those come first whose answer is as wanted
  std::shared_ptr<const GateTerm> term;          ///< added to it
  double flip_weight = 0;                        ///< the weight of what flipping each gate would bring (gate_joint.h)
  std::shared_ptr<const Constraint> constraint;  ///< what must hold besides

  void bind(OptionTable& table);
  void bind_loss(OptionTable& table, bool with_kl = true);  ///< kl knows no target
  void bind_target(OptionTable& table);
  void bind_gates(OptionTable& table);  ///< all but loss and target; the path may be an expectation, too
  bool targeted() const { return target != "none"; }
};

/// The loss that a model of so many classes allows: DLR needs 3 of them, 4 with a target, and gives way to the margin.
LossKind possible_loss(const ObjectiveOptions& options, int64_t classes);

/// A sentence where that is not the loss that was asked for.
std::vector<std::string> loss_notes(const ObjectiveOptions& options, int64_t classes);

/// Options that several attacks have. `stop` of attacks within a budget:
void bind_stop(OptionTable& table, bool* stop);
/// `classes`, for wrong_classes() below.
void bind_classes(OptionTable& table, int64_t* classes);

/// How many wrong classes an attack aims at that takes the likeliest in turn: `wanted`, or with 0 as many as
/// AutoAttack, 9; but no more than there are.
int64_t wrong_classes(int64_t wanted, int64_t classes);

/// [N, K - 1] the wrong classes, the likeliest first; the answer is among them where it is wrong.
at::Tensor likeliest_wrong(const at::Tensor& logits, const at::Tensor& labels);

/// Throws InputError if a model has not so many wrong classes.
void check_wrong_classes(const std::string& option, int64_t wanted, const ModelCard& card);

/// Throws InputError unless `target` is a word that is known or a class of the model.
void check_target(const ObjectiveOptions& options, const ModelCard& card);

/// Who an image is, and who it is to be taken for.
struct Goal {
  at::Tensor labels;        ///< [N]
  at::Tensor targets;       ///< [N]; undefined without a target
  at::Tensor clean;         ///< [N, K] log-probabilities for the clean images; undefined unless the loss needs them
  bool random = false;      ///< gates draw
  bool any_answer = false;  ///< targets are but a way to any wrong answer
  // Where there is a constraint:
  at::Tensor answers = {};  ///< [N] of the model for the clean images
  at::Tensor share = {};    ///< [N] of the gated layers' cost that is executed for them; expected, by random gates
  at::Tensor answers_by_draw = {}, share_by_draw = {};  ///< [N, D] both, in each of draws_to_tell(), at told_at()
  at::Tensor weight = {};                               ///< [N] of a violation, found by dual ascent
  // For GateStates::wanted:
  at::Tensor graph = {};        ///< [N, L] of 0 and 1: gates that the attack wants
  at::Tensor gate_weight = {};  ///< [N, L]: how much each of them matters beside its cost; undefined: all alike

  /// With the answers and shares of that draw as what is to stay.
  Goal in_draw(uint32_t draw) const;
  /// With the clean answers as labels.
  Goal of_answers() const {
    Goal goal;
    goal.labels = answers;
    return goal;
  }

  Goal select(const at::Tensor& rows) const;
  /// [N] bool: the answer is another than the label.
  at::Tensor lost(const at::Tensor& logits) const;
  /// [N] bool: the model's answer is what the attack wants.
  at::Tensor reached(const at::Tensor& logits) const;
};

/// [N] targets, chosen by the clean images' logits or drawn among the classes but the label; undefined without.
at::Tensor targets_of(const ObjectiveOptions& options, Victim& victim, const Batch& batch);

/// Draws that tell what a model usually does: with random gates one draw says little.
inline uint32_t draws_to_tell(bool random) { return random ? 20 : 1; }
/// Where they are made: apart from all that an attack makes.
inline Position told_at(uint32_t draw) { return {std::numeric_limits<uint32_t>::max(), draw, 0}; }

/// The goal of a batch.
Goal goal_of(const ObjectiveOptions& options, Victim& victim, const Batch& batch);

/// [N], larger is better for the attack.
at::Tensor loss_value(LossKind kind, const at::Tensor& logits, const Goal& goal);

/// That of images for which nothing holds and nothing is reached, with such a value. As many as `images` has.
Worth nothing_worth(const ObjectiveOptions& options, const at::Tensor& images, double value);

/// Of one pass.
Worth worth_in_pass(const ObjectiveOptions& options, int64_t classes, const Output& output, const Goal& goal);

struct Ascended : Victim::Gradient {
  Worth worth;           ///< what the best iterate is chosen by; undefined unless asked for
  at::Tensor violation;  ///< [N], mean over draws; undefined without a constraint
};

/// The mean over `draws` of the gradients of the objective, with logits and losses of the last draw and the worth in
/// all of them. A model without random gates is asked once.
Ascended ascent_direction(Victim& victim, const at::Tensor& images, const at::Tensor& ids, const Goal& goal,
                          const ObjectiveOptions& options, Position position, bool with_worth = false);

/// Answers by passes without a gradient, as many as one averages over.
struct Seen {
  at::Tensor logits;  ///< those of the last draw
  Worth worth;        ///< undefined unless asked for
};
/// `rough`: in place of gradients' own.
Seen look(Victim& victim, const at::Tensor& images, const at::Tensor& ids, const Goal& goal,
          const ObjectiveOptions& options, Position position, bool with_worth, bool rough = false);

}  // namespace aigis
