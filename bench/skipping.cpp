#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include "bench/benchmarks.h"
#include "lib/core/upload.h"
#include "lib/metrics/paired.h"

namespace aigis {
namespace {

/// Gates [N, L] of which a share `rate` is open, whatever the image.
at::Tensor random_graph(int64_t images, int64_t layers, double rate) {
  const PhiloxKey key = Stream{0, Purpose::verdict_gates}.key();
  at::Tensor graph = at::empty({images, layers}, at::TensorOptions(at::kFloat));
  float* open = graph.mutable_data_ptr<float>();
  for (int64_t i = 0; i < images; ++i) {
    for (int64_t l = 0; l < layers; ++l) {
      *open++ = open_uniform(draw_word(key, static_cast<uint64_t>(i), static_cast<uint32_t>(l))) < rate ? 1.0f : 0.0f;
    }
  }
  return graph;
}

/// Shares of images for which each layer runs.
std::vector<double> measured_rates(Model& model, const Batch& images) {
  const at::NoGradGuard no_grad;
  const Gates gates = model.forward(images.images, {{0, Purpose::verdict_gates}, images.ids}).gates;
  const at::Tensor rates = gates.open.to(at::kCPU, at::kDouble).mean(0);
  return {rates.const_data_ptr<double>(), rates.const_data_ptr<double>() + rates.numel()};
}

/// Share of a network's multiply-accumulates that closed gates leave out.
double counted_saving(const ModelCard& card, const Gates& gates) {
  const at::Tensor closed = 1 - gates.open.to(at::kCPU, at::kDouble).mean(0);
  return (closed * gates.cost).sum().item<double>() / static_cast<double>(card.macs_full());
}

/// A line of the table: shares of the work and of the time that closed gates save.
struct Saving {
  double counted = 0, measured = 0;
};

/// One line of the table: the two executions of one network on the same images and gates.
Saving add_line(std::string& text, Model& skip, Model& mask, const Batch& batch, const std::string& name,
                const Pass& pass, int64_t pairs) {
  const at::NoGradGuard no_grad;
  const Gates gates = skip.forward(batch.images, pass).gates;
  const double counted = counted_saving(skip.card(), gates);
  const auto run = [&](Model& model) { model.forward(batch.images, pass).logits.sum().item<double>(); };  // waits
  const auto result = measure_pairs([&] { run(skip); }, [&] { run(mask); }, pairs);
  const double measured = 1 - result.ratio;
  const auto images = static_cast<double>(batch.labels.size(0));
  text += fmt::format("{:>6}  {:<8} {:>6.3f} {:>10.3f} {:>10.3f} {:>10.3f} {:>10.1f}  [{:.1f}, {:.1f}] {:>10.1f} %\n",
                      batch.labels.size(0), name, gates.open.to(at::kDouble).mean().item<double>(),
                      1e3 * result.b_seconds / images, 1e3 * result.a_seconds / images, 100 * counted, 100 * measured,
                      100 * (1 - result.high), 100 * (1 - result.low), counted > 0 ? 100 * measured / counted : 0);
  return {counted, measured};
}

/// Where the line of least squares through the savings says that leaving layers out takes as long as it saves.
std::string break_even(const std::vector<Saving>& savings) {
  double counted = 0, measured = 0, square = 0, product = 0;
  const auto n = static_cast<double>(savings.size());
  for (const auto& s : savings) {
    counted += s.counted / n;
    measured += s.measured / n;
  }
  for (const auto& s : savings) {
    square += (s.counted - counted) * (s.counted - counted);
    product += (s.counted - counted) * (s.measured - measured);
  }
  if (product <= 0) return "no break-even: what is saved does not grow with what is left out";
  const double slope = product / square, at = counted - measured / slope;
  return at <= 0 ? fmt::format("break-even: none; saves {:.1f} % where nothing is left out", -100 * at * slope)
                 : fmt::format("break-even at {:.1f} % counted", 100 * at);
}

}  // namespace

std::string bench_skipping(Network& skip, Model& mask, const std::string& execution, const Batch& images,
                           const std::vector<int64_t>& batches, const std::vector<double>& rates, int64_t pairs) {
  const auto layers = static_cast<int64_t>(skip.card().gated.size());
  std::string text =
      fmt::format("execution={} in {} ({} gates, gates={}, on {}), median of {} pairs\n", execution,
                  skip.card().architecture, layers, skip.card().gate_mode, images.images.device().str(), pairs);
  text += fmt::format("{:>6}  {:<8} {:>6} {:>10} {:>10} {:>10} {:>10}  {:<12} {:>10}\n", "batch", "gates", "rate",
                      "mask ms", execution + " ms", "counted %", "saved %",
                      PairedResult{.pairs = pairs}.interval_name(), "realised");
  const std::vector<double> own_rates =
      skip.execution_rates().empty() ? measured_rates(skip, images) : skip.execution_rates();
  for (const int64_t size : batches) {
    const Batch batch = images.part(0, size);
    const Stream noise{0, Purpose::verdict_gates};
    std::vector<Saving> savings;
    skip.set_execution_rates(own_rates);
    savings.push_back(add_line(text, skip, mask, batch, "own", {noise, batch.ids}, pairs));
    for (const double rate : rates) {
      skip.set_execution_rates(std::vector<double>(own_rates.size(), rate));
      Pass pass{noise, batch.ids};
      pass.graph = uploaded(random_graph(size, layers, rate), batch.images.device(), batch.images.scalar_type());
      savings.push_back(add_line(text, skip, mask, batch, fmt::format("{:.2f}", rate), pass, pairs));
    }
    if (savings.size() > 1) text += fmt::format("{:>6}  {}\n", size, break_even(savings));
  }
  return text;
}

}  // namespace aigis
