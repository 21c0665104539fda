// A procedural data set: ten shapes on textured ground, 32x32 pixels in colour. It needs no files, so that the
// program can be tried, trained and tested anywhere.
#pragma once

#include "lib/data/dataset.h"

namespace aigis {

struct SyntheticOptions : DatasetOptions {
  int64_t seed = 1;
  int64_t train = 10'000;  ///< images of the training files, a tenth of them held out
  int64_t test = 1'000;
  void bind(OptionTable& table);
};

/// `synthetic` or `synthetic:seed=2`. Image i is a function of (seed, training or test, i) alone.
Dataset load_synthetic(const Spec& spec, Part asked);

}  // namespace aigis
