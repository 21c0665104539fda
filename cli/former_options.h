// Options that attacks once had: reports of earlier versions name them, and are verified all the same.
#pragma once

#include "lib/core/json.h"

namespace aigis {

/// Takes them out of a report's configuration and runs, which then say what can still be held against what there is.
void forget_former_options(Json& report);

}  // namespace aigis
