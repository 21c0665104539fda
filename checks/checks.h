// The checks, each in the file that is named for what it doubts, and what their attacks cost (Check in list.h). Null:
// it does not apply to the claim. One that does, and cannot be made, is undecided.
#pragma once

#include "checks/claim.h"

namespace aigis::checks {

// answers.cpp: the model's answers
std::optional<Finding> randomness(const Claim& claim);
std::optional<Finding> batch_dependence(const Claim& claim);

// uphill.cpp: where gradients lead
std::optional<Finding> uphill(const Claim& claim);

// precision.cpp: gradients of less than float32
std::optional<Finding> bf16_gradients(const Claim& claim);

// gates.cpp: the gradients of gates
std::optional<Finding> gate_gradients(const Claim& claim);
std::optional<Finding> relaxed_mismatch(const Claim& claim);
std::optional<Finding> gate_aware(const Claim& claim);
double gate_aware_cost(const Claim& claim);
std::optional<Finding> fixed_noise(const Claim& claim);
double fixed_noise_cost(const Claim& claim);

// weaker.cpp: attacks that ought to be weaker
std::optional<Finding> noise(const Claim& claim);
double noise_cost(const Claim& claim);
std::optional<Finding> one_step(const Claim& claim);
double one_step_cost(const Claim& claim);
std::optional<Finding> black_box(const Claim& claim);
double black_box_cost(const Claim& claim);
std::optional<Finding> transfer(const Claim& claim);
double transfer_cost(const Claim& claim);

// stronger.cpp: attacks that ought to be no stronger
std::optional<Finding> iterated(const Claim& claim);
double iterated_cost(const Claim& claim);
std::optional<Finding> loss_growth(const Claim& claim);
double loss_growth_cost(const Claim& claim);
std::optional<Finding> losses(const Claim& claim);
double losses_cost(const Claim& claim);

// longer.cpp: the strongest attack as it would be with more of it
std::optional<Finding> longer(const Claim& claim);
double longer_cost(const Claim& claim);

// budgets.cpp: what larger budgets must bring
std::optional<Finding> monotone(const Claim& claim);
std::optional<Finding> large_budget(const Claim& claim);
double large_budget_cost(const Claim& claim);
std::optional<Finding> unbounded(const Claim& claim);
double unbounded_cost(const Claim& claim);

// defense.cpp: the part of the defense
std::optional<Finding> ablation(const Claim& claim);
std::optional<Finding> bpda(const Claim& claim);
double bpda_cost(const Claim& claim);

}  // namespace aigis::checks
