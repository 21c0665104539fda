#include "lib/train/options.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace aigis {

void TrainOptions::bind(OptionTable& table) {
  table.integer("epochs", &epochs, 1, 100'000, "passes over the training images");
  table.integer("batch", &batch, 2, 100'000, "images a step");
  table.number("learning_rate", &learning_rate, 1e-8, 100, "", "peak learning rate");
  table.choice<Schedule>("schedule", &schedule,
                         {{"one-cycle", Schedule::one_cycle}, {"step", Schedule::step}, {"cosine", Schedule::cosine}},
                         "linear up and down (Smith & Topin 2017), a tenth at each milestone, or linear up and "
                         "down as half a cosine (Loshchilov & Hutter 2017)");
  table.number("warmup", &warmup, 0, 0.99, "share of the steps", "in which the learning rate rises")
      .only_with("schedule=one-cycle|cosine");
  table
      .numbers("milestones", &milestones, 0, 100'000,
               "epochs at which the learning rate goes down, such as 150:250; empty: 3/7 and 5/7 of all, as in "
               "section 4.1")
      .only_with("schedule=step");
  table.number("momentum", &momentum, 0, 0.9999, "", "of stochastic gradient descent");
  table.flag("nesterov", &nesterov, "Nesterov's form of momentum");
  table.number("weight_decay", &weight_decay, 0, 1, "", "L2 penalty on all weights");
  table.flag("decay_norms", &decay_norms, "weight decay on BatchNorm's weights and on biases too");
  table.number("clip_norm", &clip_norm, 0, 1e6, "", "greatest norm of the gradient of all weights together; 0: any");
  table.number("average", &average, 0, 0.999999, "",
               "decay of a moving average of the weights, which is kept as the model; 0: none");
  table.number("label_smoothing", &label_smoothing, 0, 0.9, "", "share of the target given to all classes alike");
  table.number("mixup", &mixup, 0, 1, "",
               "alpha of the Beta distribution by which pairs of images are mixed (Zhang et al. 2018); 0: none");
  table.flag("augment", &augment, "random crop and horizontal flip");
  table
      .choice<Crop>("crop", &crop, {{"padded", Crop::padded}, {"resized", Crop::resized}},
                    "after 4 pixels of padding (CIFAR), or of random area and aspect, brought to the image's size "
                    "(ImageNet)")
      .only_with("augment=true");
  table
      .integer("cutout", &cutout, 0, 1024,
               "side in pixels of a square that augmentation turns grey (DeVries & Taylor 2017); 0: none")
      .only_with("augment=true");
  table.text("adversary", &adversary,
             "attack that makes the images to train on, such as pgd:steps=7; none: they are clean");
  table.number("adversary_eps", &adversary_eps, 0, 1, "pixel value in [0,1]", "budget of the adversary, Linf");
  table.number(
      "trades", &trades, 0, 1000, "",
      "beta of TRADES (Zhang et al. 2019): cross-entropy of clean images plus beta times the divergence of the "
      "adversary's from them; 0: cross-entropy of the adversary's images alone");
  table.choice<Precision>(
      "precision", &precision,
      {{"auto", Precision::automatic}, {"float32", Precision::float32}, {"bfloat16", Precision::bfloat16}},
      "of convolutions in training; auto is bfloat16 where the processor has it");
  table.flag("cuda_graph", &cuda_graph,
             "on a GPU: steps on whole batches are recorded as CUDA graphs and replayed; an adversary's attack is not");
  table.integer("seed", &seed, 0, 1'000'000'000, "of weights, order, augmentation and gate noise");
}

double TrainOptions::rate_at(int64_t step, int64_t steps) const {
  const double done = (static_cast<double>(step) + 0.5) / static_cast<double>(steps);
  if (schedule == Schedule::step) {
    const auto all = static_cast<double>(epochs);
    const std::vector<double> at = milestones.empty() ? std::vector{all * 3 / 7, all * 5 / 7} : milestones;
    const auto passed = std::count_if(at.begin(), at.end(), [&](double epoch) { return done * all >= epoch; });
    return learning_rate * std::pow(0.1, static_cast<double>(passed));
  }
  if (done < warmup) return learning_rate * done / warmup;
  const double left = (1 - done) / (1 - warmup);
  return learning_rate * (schedule == Schedule::cosine ? (1 - std::cos(std::numbers::pi * left)) / 2 : left);
}

}  // namespace aigis
