#include "reports/decided_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "reports/plot/compared.h"

namespace aigis {
namespace {

using plotting::Compared;

bool is_clean(const Compared& compared) { return compared.a->epsilon == 0 || !compared.a->attacked(); }

std::string line(const plotting::RunList& list, const Compared& compared) {
  const bool a_leads = compared.leader() == compared.a;
  const double sign = a_leads ? 100 : -100;
  const Json& ends = *compared.ends;
  const std::string budget = is_clean(compared) ? "" : ", epsilon " + compared.budget;
  return fmt::format("  {} more robust than {}: {}, {}{}: {:+.2f} points [{:.2f}, {:.2f}], p {:.2g}\n",
                     list.models[compared.leader()->model].label, list.models[compared.follower()->model].label,
                     is_clean(compared) ? "no attack" : compared.a->attack, compared.a->setting, budget,
                     sign * compared.difference.value_or(0), sign * ends[a_leads ? 0 : 1].get<double>(),
                     sign * ends[a_leads ? 1 : 0].get<double>(), (*compared.entry)["p_holm"].get<double>());
}

std::string told(const plotting::RunList& list, const std::vector<Compared>& all, const char* what) {
  if (all.empty()) return "";
  const bool has_worst = std::any_of(all.begin(), all.end(), [](const Compared& c) { return c.is_worst_case(); });
  std::string lines;
  size_t decided = 0;
  for (const Compared& compared : all) {
    if (!compared.is_decided()) continue;
    ++decided;
    if (compared.is_transfer()) continue;
    if (!has_worst || compared.is_worst_case() || is_clean(compared)) lines += line(list, compared);
  }
  return fmt::format("{} of {} comparisons of {} are decided (5 %, Holm){}\n{}", decided, all.size(), what,
                     decided == 0    ? "; the others may be chance"
                     : lines.empty() ? ""
                     : has_worst     ? "; under the worst of all attacks:"
                                     : ":",
                     lines);
}

}  // namespace

std::string decided_text(const Json& report) {
  const std::vector<Json> files{report};
  const plotting::RunList list = plotting::join_runs(files);
  return told(list, plotting::compared_budgets(list, 0), "models on the same images") +
         told(list, plotting::compared_curves(list, 0), "whole curves");
}

}  // namespace aigis
