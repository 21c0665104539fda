// The option of gradient attacks that says how gradients pass hard gates.
#pragma once

#include "lib/core/model.h"
#include "lib/core/options.h"

namespace aigis {

inline void bind_gates(OptionTable& table, GateGradient* gates) {
  table.choice<GateGradient>(
      "gates", gates,
      {{"straight-through", GateGradient::straight_through}, {"fixed-graph", GateGradient::fixed_graph}},
      "whether the gradient flows through the gates or takes the executed graph as given");
}

}  // namespace aigis
