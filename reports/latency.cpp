#include "reports/latency.h"

#include <fmt/format.h>

#include "reports/plot/runs.h"
#include "reports/plot/value.h"

namespace aigis {

std::string latency_words(const Json& run) {
  const auto clean = plotting::number_at(run, {"latency", "clean_ms"});
  const auto ratio = plotting::share_of(plotting::at(run, {"latency", "ratio"}));
  if (!clean || !ratio) return "";
  const std::string factor = fmt::format("{:.3g} ms × {:.2f}", *clean, ratio->value);
  if (!ratio->low || !ratio->high) return factor;
  return fmt::format("{} [{:.2f}, {:.2f}]", factor, *ratio->low, *ratio->high);
}

std::string latency_text(const Json& report) {
  std::string text;
  const std::vector<Json> files{report};
  const plotting::RunList list = plotting::join_runs(files);
  for (const auto& run : list.runs) {
    const std::string words = latency_words(*run.json);
    if (words.empty()) continue;
    text += fmt::format("{}, {} within {}: {} an image\n", plotting::defended_label(list, run), run.attack,
                        plotting::epsilon_text(run.epsilon, run.norm), words);
  }
  return text.empty()
             ? ""
             : "\nTime of a pass over clean images, and the attack's factor on it [95 % over batches]:\n" + text;
}

}  // namespace aigis
