// What an attack did by the measure of what it is out for, image by image, and whether it is more than another did.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "lib/eval/attack.h"
#include "lib/eval/tally.h"
#include "lib/metrics/comparison.h"

namespace aigis {

struct Effect {
  /// What the numbers of images are: of variances, the value is the root of their mean.
  enum class Kind { share, amount, variance };

  const char* what;
  Kind kind;
  std::vector<double> of_images;  ///< of a share, in how many of the draws it is so
  double unit = 1;                ///< that the value is told in
  bool grows = true;              ///< the attack wants more of it
  int64_t draws = 1;

  double value() const;
};

/// Whose average graph an attack wants images to take on (Aim::graph, option "class").
std::optional<size_t> graph_class(const Attack& attack);

/// What the cell, whichever attack it is of, shows of what `attack` is out for. Nothing where cost cannot be seen to
/// vary from pass to pass, and where there is no graph to be alike to or no image of another class.
std::optional<Effect> effect_of(const Attack& attack, const ModelCard& card, const RunTally& tally,
                                const CellTally& cell);

/// An attack beside another on the same images.
struct Contrast {
  enum class Verdict { more, alike, less } verdict;
  std::string evidence;
};

/// Told apart with no more than `chance` of error: shares by a paired test, others where the interval of the mean
/// difference excludes 0, of at least six images.
Contrast contrast(const Effect& attacked, const Effect& other, double chance = kSignificance);

}  // namespace aigis
