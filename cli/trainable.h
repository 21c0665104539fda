// What `aigis train` can train, on what and against which adversary. All of it throws InputError where it is asked for
// something else.
#pragma once

#include <optional>
#include <utility>

#include "lib/core/spec.h"
#include "lib/data/dataset.h"
#include "lib/train/adversary.h"
#include "lib/train/options.h"

namespace aigis {

/// An architecture, with no option that acts at inference.
void check_trainable(const Spec& architecture);

/// The training images, at most `limit` of them (0: all), and the held-out ones.
std::pair<Dataset, Dataset> training_data(const Spec& data, int64_t limit);

/// Milestones of the learning rate that come before the last epoch ends.
void check_milestones(const TrainOptions& options);

/// Empty unless the options name an adversary, which must fit the network. Whatever it is, PGD of ten steps is the
/// judge.
std::optional<AdversarialTraining> adversarial_training(const TrainOptions& options, const ModelCard& card);

}  // namespace aigis
