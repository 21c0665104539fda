#include "reports/report_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/checks.h"
#include "reports/decided_text.h"
#include "reports/latency.h"
#include "reports/plot/runs.h"
#include "reports/plot/value.h"

namespace aigis {

std::string report_table(const Json& report) {
  const auto percent = [](const Json& value) {
    return value.is_null() ? std::string("-") : fmt::format("{:.2f}", 100 * value.get<double>());
  };
  const plotting::RunList list = plotting::join_runs({&report, 1});
  size_t width = 5, attack_width = 6;
  for (const auto& model : report["models"]) width = std::max(width, model["id"].get_ref<const std::string&>().size());
  for (const auto& run : list.runs) attack_width = std::max(attack_width, run.attack.size());
  constexpr const char* kLine = "{:<{}}  {:<{}}  {:<7}  {:<9}  {:>7}  {:>6}  {:>21}  {:>17}\n";
  std::string text = fmt::format(kLine, "model", width, "attack", attack_width, "defense", "access", "epsilon", "clean",
                                 "robust [95 %]", "rate before/after");
  for (const auto& plotted : list.runs) {
    const Json& run = *plotted.json;
    const Json& robust = run["accuracy"]["robust"];
    std::string value = percent(robust["value"]), rates = "-";
    if (!robust["ci95"].is_null()) {
      value += fmt::format(" [{}, {}]", percent(robust["ci95"][0]), percent(robust["ci95"][1]));
    }
    if (!run["gates"].is_null()) {
      rates = fmt::format("{:.3f} / {:.3f}", run["gates"]["before"]["mean"].get<double>(),
                          run["gates"]["after"]["mean"].get<double>());
    }
    text += fmt::format(kLine, run["model"].get<std::string>(), width, plotted.attack, attack_width,
                        run["defense"]["name"].get<std::string>(), run["access"].get<std::string>(),
                        plotting::epsilon_text(run["epsilon"], run["norm"].get<std::string>()),
                        percent(run["accuracy"]["clean"]["value"]), value, rates);
  }
  return text + latency_text(list) + checks_text(list) + flags_text(list) + decided_text(list);
}

}  // namespace aigis
