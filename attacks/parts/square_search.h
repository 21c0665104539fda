// The random search of the Square attack: one square of the image changes at a time and stays where that lowers a value
// of the model's output, which is all that is seen of it (Andriushchenko, Croce, Flammarion & Hein, ECCV 2020,
// algorithms 1 to 3; L1: Croce & Hein, ICML 2021, appendix).
#pragma once

#include <functional>
#include <string>

#include "attacks/parts/band.h"
#include "lib/data/dataset.h"
#include "lib/eval/norm.h"
#include "lib/eval/victim.h"

namespace aigis {

struct SquareSearch {
  int64_t queries = 5000;  ///< squares, and noises before them
  double noise_share = 0;  ///< of the queries: that many try sign noise, and squares change the best image of them
  double share = 0.8;      ///< p: of the image that the first squares cover
  bool rescale = false;    ///< the schedule of p, made for 10,000 queries, is stretched to `queries`
  std::function<at::Tensor(const Output& output, const at::Tensor& labels)> value;  ///< [n], smaller is better
  int64_t draws = 1;     ///< answers that a value is the mean of, where they vary
  bool renewed = false;  ///< the best image is asked again beside every square, and its value is the mean of all
  bool drift = false;    ///< squares that change nothing stay, too: where values are few
  bool stop = false;     ///< images whose value is at most `enough` are done
  double enough = 0;
  bool counts = false;  ///< the victim counts after how many answers images were done
  BandOptions band;

  void bind(OptionTable& table, const std::string& queries_help);
};

/// Images inside the ball and the box, with perturbations in the band. Each image has its own squares.
at::Tensor square_search(Victim& victim, const Batch& batch, const SquareSearch& search, Norm norm, double epsilon);

}  // namespace aigis
