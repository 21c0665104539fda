#include "reports/latency.h"

#include <fmt/format.h>

#include "reports/plot/runs.h"
#include "reports/plot/value.h"

namespace aigis {

std::string latency_words(const Json& run) {
  const auto clean = plotting::number_at(run, {"latency", "clean_ms"});
  const auto adversarial = plotting::number_at(run, {"latency", "adversarial_ms"});
  const auto ratio = plotting::share_of(plotting::at(run, {"latency", "ratio"}));
  if (!clean || !adversarial || !ratio || !ratio->low || !ratio->high) return "";
  return fmt::format("{:.3g} → {:.3g} ms (× {:.2f} [{:.2f}, {:.2f}])", *clean, *adversarial, ratio->value, *ratio->low,
                     *ratio->high);
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
  return text.empty() ? "" : "\nTime of a pass, clean → adversarial images, in turns:\n" + text;
}

}  // namespace aigis
