// The settings of a training run.
#pragma once

#include <string>
#include <vector>

#include "lib/core/options.h"
#include "lib/data/augment.h"

namespace aigis {

enum class Schedule {
  one_cycle,  ///< up for `warmup` of the steps, then down to 0, both linear (Smith & Topin 2017)
  step,       ///< a tenth of it at each of `milestones`
  cosine,     ///< up for `warmup` of the steps, then down to 0 as half a cosine (Loshchilov & Hutter 2017)
};
enum class Precision { automatic, float32, bfloat16 };

struct TrainOptions {
  int64_t epochs = 30;
  int64_t batch = 128;
  double learning_rate = 0.3;
  Schedule schedule = Schedule::one_cycle;
  double warmup = 0.25;
  std::vector<double> milestones;  ///< epochs; empty: at 3/7 and 5/7 of them, as the paper's 150 and 250 of 350
  double momentum = 0.9;
  bool nesterov = true;
  double weight_decay = 5e-4;
  bool decay_norms = true;     ///< false: no weight decay on BatchNorm's weights and on biases
  double clip_norm = 0;        ///< greatest norm of the gradient of all weights together; 0: any
  double average = 0;          ///< decay of the moving average of the weights that is kept as the model; 0: none
  double label_smoothing = 0;  ///< share of the target that goes to all classes alike (Szegedy et al. 2016)
  double mixup = 0;          ///< alpha of the Beta distribution that mixes pairs of images (Zhang et al. 2018); 0: none
  bool augment = true;       ///< random crop and flip
  Crop crop = Crop::padded;  ///< which crop
  int64_t cutout = 0;        ///< side of the square that augmentation hides (DeVries & Taylor 2017), in pixels; 0: none
  std::string adversary = "none";    ///< attack that makes the images to train on, as on the command line
  double adversary_eps = 8.0 / 255;  ///< its budget, Linf in pixel values of [0, 1]
  double trades = 0;                 ///< beta of TRADES (Zhang et al. 2019); 0: learn from adversarial images alone
  Precision precision = Precision::automatic;
  bool cuda_graph = false;  ///< steps on whole batches are recorded and replayed; an adversary attacks outside of them
  int64_t seed = 1;

  void bind(OptionTable& table);
  /// The learning rate of step `step` of `steps`.
  double rate_at(int64_t step, int64_t steps) const;
};

}  // namespace aigis
