#include "attacks/parts/towards.h"

#include <algorithm>

#include "attacks/parts/objective.h"

namespace aigis {

void bind_targets(OptionTable& table, int64_t* targets) {
  table.integer("targets", targets, 0, 10'000,
                "searches, each towards another of the likeliest wrong classes; 0: one, towards whichever is likeliest "
                "at each step");
}

void check_targets(int64_t targets, const ModelCard& card) { check_wrong_classes("targets", targets, card); }

void search_towards(const Nearest& nearest, int64_t targets, const std::function<void(Searched rows)>& search) {
  for (int64_t turn = 0; turn < std::max<int64_t>(targets, 1); ++turn) {
    Searched rows = nearest.searched();
    if (rows.places.size(0) == 0) return;
    rows.turn = static_cast<uint32_t>(turn);
    if (targets > 0) rows.targets = likeliest_wrong(nearest.clean_logits(rows), rows.labels).select(1, turn);
    search(std::move(rows));
  }
}

}  // namespace aigis
