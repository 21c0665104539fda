#include "lib/train/options.h"

#include <algorithm>

namespace aigis {

void TrainOptions::bind(OptionTable& table) {
  table.integer("epochs", &epochs, 1, 100'000, "passes over the training images");
  table.integer("batch", &batch, 2, 100'000, "images a step");
  table.number("learning_rate", &learning_rate, 1e-8, 100, "", "peak learning rate");
  table.choice<Schedule>("schedule", &schedule, {{"one-cycle", Schedule::one_cycle}, {"step", Schedule::step}},
                         "linear up and down (Smith & Topin 2017), or a tenth at 3/7 and 5/7 (section 4.1)");
  table.number("warmup", &warmup, 0, 0.99, "share of the steps", "in which a one-cycle schedule rises");
  table.number("momentum", &momentum, 0, 0.9999, "", "of stochastic gradient descent");
  table.flag("nesterov", &nesterov, "Nesterov's form of momentum");
  table.number("weight_decay", &weight_decay, 0, 1, "", "L2 penalty on all weights");
  table.flag("augment", &augment, "random crop after 4 pixels of padding, and horizontal flip");
  table.choice<Precision>(
      "precision", &precision,
      {{"auto", Precision::automatic}, {"float32", Precision::float32}, {"bfloat16", Precision::bfloat16}},
      "of convolutions in training; auto is bfloat16 where the processor has it");
  table.integer("seed", &seed, 0, 1'000'000'000, "of weights, order, augmentation and gate noise");
}

double TrainOptions::rate_at(int64_t step, int64_t steps) const {
  const double done = (static_cast<double>(step) + 0.5) / static_cast<double>(steps);
  if (schedule == Schedule::step) return learning_rate * (done < 3.0 / 7 ? 1 : done < 5.0 / 7 ? 0.1 : 0.01);
  if (done < warmup) return learning_rate * done / warmup;
  return learning_rate * (1 - done) / (1 - warmup);
}

}  // namespace aigis
