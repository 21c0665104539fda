// HopSkipJump: sees nothing but which class the model answers. From an image of another class it walks along the
// decision boundary towards the clean image (Chen, Jordan & Wainwright, IEEE S&P 2020, algorithm 2).
#pragma once

#include "attacks/parts/nearest.h"

namespace aigis {

struct HopSkipJump {
  static constexpr const char* kName = "hopskipjump";
  static constexpr const char* kSummary = "walks along the decision boundary; black box that shows its answer alone";
  static constexpr const char* kSource = "Chen, Jordan & Wainwright 2020, arXiv:1904.02144, algorithm 2";

  struct Options : NearestOptions {
    int64_t steps = 30;
    int64_t samples = 100;         ///< answers for the first estimate of the boundary's normal, growing with sqrt(step)
    int64_t most_samples = 10000;  ///< at most so many
    int64_t starts = 100;          ///< images of noise that are tried for one of another class
    void bind(OptionTable& table);
  };

  static std::vector<Norm> norms() { return {Norm::linf, Norm::l2}; }
  static void search(Victim& victim, const Options& options, Norm norm, Nearest& nearest);
};

}  // namespace aigis
