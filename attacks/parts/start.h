// Where a run of the loop of ascent.h begins.
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

/// The clean images, or a point of the ball around each, drawn from the stream.
at::Tensor start_of(const AscentOptions& options, const at::Tensor& clean, const at::Tensor& ids, const Stream& stream,
                    Norm norm, double epsilon);

}  // namespace aigis
