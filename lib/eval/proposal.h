// What an attack makes of a batch within one budget.
#pragma once

#include "lib/eval/victim.h"

namespace aigis {

/// And the work that it alone needs.
struct Proposal {
  at::Tensor images;
  at::Tensor met;  ///< [N] bool, images broken on the way (witness.h); undefined if nobody looked
  AttackAudit audit;
  double seconds = 0;
  StageRecord fallen = {};  ///< of an attack that is made of others
};

}  // namespace aigis
