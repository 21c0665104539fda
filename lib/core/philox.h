// Counter-based random numbers: a draw is a pure function of what it is for.
//
// Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// A draw depends on (seed, purpose, restart, draw, step), on the image's index in its data set, on the
// layer and on the element. Batch size, workers, device and interruption do not enter, so they cannot
// change it. The functions are plain arithmetic on 32-bit words, the same on a host and on a GPU.
#pragma once

#include <array>
#include <cstdint>

#include "lib/core/host_device.h"

namespace aigis {

using PhiloxKey = std::array<uint32_t, 2>;
using PhiloxBlock = std::array<uint32_t, 4>;

AIGIS_HOST_DEVICE inline PhiloxBlock philox(PhiloxBlock counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53u} * counter[0];
    const uint64_t b = uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(a)};
    key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
  }
  return counter;
}

/// Uniform in (0, 1), never 0 or 1: the middle of one of 2^32 equal intervals.
AIGIS_HOST_DEVICE inline double open_uniform(uint32_t word) { return (word + 0.5) * (1.0 / 4294967296.0); }

/// What a random number is for. Streams of different purposes never share a number.
enum class Purpose : uint32_t {
  weights = 1,     ///< initial weights
  split,           ///< which images are held out
  order,           ///< order of an epoch
  augmentation,    ///< crop and flip
  training_gates,  ///< gate noise while training
  verdict_gates,   ///< gate noise of the verdict: clean and adversarial passes, all budgets
  redraw_gates,    ///< an independent second draw: of clean images, and of worst cases, which the first one chose
  attack_gates,    ///< gate noise that an attack sees
  attack,          ///< the attack's own draws: starts, directions
  synthetic,       ///< the procedural data set
  mixing,          ///< weights of mixup's pairs
  resampling,      ///< images of a bootstrap
};

/// The part of a draw's identity that is shared by a whole batch.
struct Stream {
  uint64_t seed = 0;
  Purpose purpose = Purpose::attack;
  uint32_t restart = 0, draw = 0, step = 0;

  /// Folds the fields into a key by one application of the generator itself.
  PhiloxKey key() const {
    const auto first = philox({static_cast<uint32_t>(purpose), restart, draw, step},
                              {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
    return {first[0], first[1]};
  }
};

/// Four words for (image, layer, element / 4).
AIGIS_HOST_DEVICE inline PhiloxBlock draw_block(PhiloxKey key, uint64_t image, uint32_t layer, uint32_t block) {
  return philox({block, layer, static_cast<uint32_t>(image), static_cast<uint32_t>(image >> 32)}, key);
}

/// One word for (image, layer, element).
AIGIS_HOST_DEVICE inline uint32_t draw_word(PhiloxKey key, uint64_t image, uint32_t layer, uint32_t element = 0) {
  return draw_block(key, image, layer, element / 4)[element % 4];
}

}  // namespace aigis
