// An attack that was made for a check, held against another one image by image.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace aigis {

/// Two-sided: challengers that are no better than the sweep's attacks are taken for better once in a hundred times.
inline constexpr double kChance = 0.02;

/// So many images, all of which fell in one of several paired tests and to one side, are the fewest that cannot be
/// chance: 2 tests / 2^k < chance.
int64_t fewest(size_t tests, double chance = kChance);

/// An attack, and what it left.
struct Challenge {
  std::string name;
  std::vector<int64_t> hits;  ///< of each image of the claim's sample: in how many draws its label was right
  int64_t draws = 1;

  int64_t standing() const;  ///< images that are right in some draw
};

/// What a challenge did to the images that another attack was tried on.
struct Outcome {
  int64_t gained = 0, lost = 0;  ///< images to which it did worse, and less
  double ahead = 0;              ///< in what share of draws the image was wrong, less that with the other; mean
  double p = 1;                  ///< the sign-flip test's

  bool is_better() const { return ahead > 0 && p < kChance; }
  /// Of two that are ahead, whether this one is less likely to be so by chance; else whether it is further ahead.
  bool is_clearer_than(const Outcome& other) const;
};
Outcome outcome_of(const Challenge& challenge, const Challenge& reference);

}  // namespace aigis
