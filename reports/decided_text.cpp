#include "reports/decided_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "reports/plot/compared.h"

namespace aigis {
namespace {

using plotting::Compared, plotting::PlottedRun;

/// "  a more robust than b: +1.23 points [0.10, 2.36], p 0.01", with what is compared before the points.
std::string line(const plotting::RunList& list, const Compared& compared, const char* more, const std::string& under) {
  const bool a_leads = compared.leader() == compared.a;
  const double sign = a_leads ? 100 : -100;
  const Json& ends = *compared.ends;
  return fmt::format("  {} {} than {}: {}: {:+.2f} points [{:.2f}, {:.2f}], p {:.2g}\n",
                     list.models[compared.leader()->model].label, more, list.models[compared.follower()->model].label,
                     under, sign * compared.difference.value_or(0), sign * ends[a_leads ? 0 : 1].get<double>(),
                     sign * ends[a_leads ? 1 : 0].get<double>(), (*compared.entry)["p_holm"].get<double>());
}

std::string counted(size_t decided, size_t all, const char* what, const char* if_any) {
  return fmt::format("{} of {} comparisons of {} are decided (5 %, Holm){}\n", decided, all, what,
                     decided == 0 ? "; the others may be chance" : if_any);
}

std::string told(const plotting::RunList& list, const std::vector<Compared>& all, const char* what) {
  if (all.empty()) return "";
  const bool has_worst = std::any_of(all.begin(), all.end(), [](const Compared& c) { return c.is_worst_case(); });
  std::string lines;
  size_t decided = 0;
  for (const Compared& compared : all) {
    if (!compared.is_decided()) continue;
    ++decided;
    if (compared.is_transfer() || (has_worst && !compared.is_worst_case())) continue;
    const PlottedRun& run = *compared.a;
    lines += line(list, compared, "more robust",
                  fmt::format("{}, {}, epsilon {}", run.attack, run.setting, compared.budget));
  }
  const char* if_any = lines.empty() ? "" : has_worst ? "; under the worst of all attacks:" : ":";
  return counted(decided, all.size(), what, if_any) + lines;
}

std::string told_clean(const plotting::RunList& list, const std::vector<Compared>& all) {
  if (all.empty()) return "";
  std::string lines;
  size_t decided = 0;
  for (const Compared& compared : all) {
    if (!compared.is_decided()) continue;
    ++decided;
    lines += line(list, compared, "more accurate", compared.a->setting);
  }
  return counted(decided, all.size(), "models without an attack", ":") + lines;
}

}  // namespace

std::string decided_text(const plotting::RunList& list) {
  return told_clean(list, plotting::compared_clean(list, 0)) +
         told(list, plotting::compared_budgets(list, 0), "models on the same images") +
         told(list, plotting::compared_curves(list, 0), "whole curves");
}

}  // namespace aigis
