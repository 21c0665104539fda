// What an image is worth to an attack: of several, which one it hands out.
#pragma once

#include "lib/core/tensor.h"

namespace aigis {

/// Sums over draws, [N] each. Undefined is what the attack does not ask for.
struct Worth {
  at::Tensor holds;    ///< the constraint does
  at::Tensor reached;  ///< the answer is as wanted, and the constraint holds if there is one
  at::Tensor value;    ///< the objective

  Worth& operator+=(const Worth& other);
  /// [N] bool, of as many draws: what holds more often is better; of equals what reaches more, and of these what has
  /// the greater value.
  at::Tensor exceeds(const Worth& other) const;
  /// This one's rows where `which`, [N] bool, holds, and the other's elsewhere.
  Worth where(const at::Tensor& which, const Worth& other) const;
  Worth select(const at::Tensor& rows) const;
  /// Writes the rows of `some` for which `which` holds to their `places` here.
  void put(const at::Tensor& places, const at::Tensor& which, const Worth& some);
};

}  // namespace aigis
