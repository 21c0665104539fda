#include "cli/budgets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/core/error.h"
#include "lib/core/text.h"

namespace aigis {

std::vector<double> read_epsilons(const Settings& settings, Norm norm) {
  if (norm != Norm::linf && settings.is_default("eps")) {
    throw InputError(fmt::format("--eps is missing: the defaults are for linf; expected budgets in {}, such as {}",
                                 norm_name(norm), usual_budget(norm)));
  }
  // No two images of up to a million pixel values are further apart.
  const double most = norm == Norm::linf ? 1 : norm == Norm::l2 ? 1e3 : 1e6;
  std::vector<double> epsilons;
  for (const auto& text : settings.list("eps")) {
    const double epsilon = parse_number(text, "epsilon");
    if (epsilon < 0 || epsilon > most) {
      throw InputError(fmt::format("epsilon: {} is out of range; expected 0 to {} {}, such as {}", text, most,
                                   norm == Norm::l0 ? "pixel values" : "in units of the pixel range",
                                   usual_budget(norm)));
    }
    if (norm == Norm::l0 && epsilon != std::floor(epsilon)) {
      throw InputError(fmt::format("epsilon: {}; expected a whole number of pixel values in the norm l0, such as {}",
                                   text, usual_budget(norm)));
    }
    if (std::find(epsilons.begin(), epsilons.end(), epsilon) != epsilons.end()) {
      throw InputError(fmt::format("epsilon: {} is given twice", text));
    }
    epsilons.push_back(epsilon);
  }
  std::sort(epsilons.begin(), epsilons.end());
  return epsilons;
}

}  // namespace aigis
