#include "reports/latency.h"

#include <fmt/format.h>

#include <cmath>

#include "lib/core/workers.h"
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

std::string latency_setting(const Json& report) {
  const auto batch = plotting::number_at(report, {"config", "batch"});
  const auto images = plotting::number_at(report, {"data", "count"});
  const auto threads = plotting::number_at(report, {"environment", "threads"});
  if (!batch || !images || !threads || *batch < 1) return "";
  const std::string device = plotting::text_at(report, {"environment", "device"});
  if (device != "cpu") return fmt::format("{:g} images a pass on {}", *batch, device);
  const auto batches = static_cast<int64_t>(std::ceil(*images / *batch));
  const int64_t workers = workers_for(at::kCPU, batches, static_cast<int64_t>(*threads));
  if (workers > 1) return fmt::format("{:g} images a pass, {} passes side by side on a thread each", *batch, workers);
  return fmt::format("{:g} images a pass on {:g} {}", *batch, *threads, *threads > 1 ? "threads" : "thread");
}

std::string latency_text(const plotting::RunList& list) {
  std::string text;
  for (const auto& run : list.runs) {
    const std::string words = latency_words(*run.json);
    if (words.empty()) continue;
    text += fmt::format("{}, {} within {}: {} an image\n", plotting::defended_label(list, run), run.attack,
                        plotting::epsilon_text(run.epsilon, run.norm), words);
  }
  if (text.empty()) return "";
  const std::string setting = latency_setting(list.files.front());
  return fmt::format("\nTime of a pass over clean images{}, and the attack's factor on it [95 % over batches]:\n{}",
                     setting.empty() ? "" : " (" + setting + ")", text);
}

}  // namespace aigis
