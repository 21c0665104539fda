#include "attacks/noise.h"

#include <ATen/ops/add.h>
#include <ATen/ops/where.h>

#include <stdexcept>

#include "attacks/parts/gate_options.h"
#include "attacks/parts/patch.h"
#include "attacks/parts/random.h"

namespace aigis {

void NoiseOptions::bind(OptionTable& table) {
  table.choice<Kind>("kind", &kind, {{"uniform", Kind::uniform}, {"gaussian", Kind::gaussian}, {"sign", Kind::sign}},
                     "uniform in the ball, normal, or a random corner");
  table.integer("best_of", &best_of, 1, 1'000'000, "noises tried; above 1 the model is asked which is worst for it");
  table
      .choice<By>(
          "by", &by, {{"margin", By::margin}, {"open", By::open}, {"shut", By::shut}},
          "what the worst is told by: the margin of a wrong answer, or the executed cost, for gates open or shut")
      .only_with("best_of>1");
  table.integer("draws", &draws, 1, 10'000, "readings that this is the mean of, for random gates")
      .only_with("best_of>1");
  bind_patch(table, &patch);
}

Aim Noise::aim() const {
  switch (options_.by) {
    case NoiseOptions::By::margin: return Aim::wrong_answer;
    case NoiseOptions::By::open: return Aim::more_compute;
    case NoiseOptions::By::shut: return Aim::less_compute;
  }
  throw std::logic_error("unknown measure of noise");
}

void Noise::check(const ModelCard& card) const {
  if (options_.by != NoiseOptions::By::margin) check_gated(card);
  check_patch(options_.patch, card);
}

at::Tensor Noise::noise(const at::Tensor& like, const at::Tensor& ids, const Stream& stream, Norm norm) const {
  using Kind = NoiseOptions::Kind;
  if (options_.kind == Kind::uniform) return ball_noise(like, ids, stream, norm, Use::start);
  if (options_.kind == Kind::sign) return corner_noise(like, ids, stream, norm, Use::start);
  const at::Tensor normal = normal_noise(like, ids, stream, Use::start);
  if (norm == Norm::linf || like.numel() == 0) return normal;
  return normal / per_image(sizes_of(normal, norm).to(normal.scalar_type()), normal);
}

at::Tensor Noise::noisy(const Batch& batch, const at::Tensor& noise, Norm norm, double epsilon) const {
  if (options_.patch == 0) return within(batch.images, at::add(batch.images, noise, epsilon), norm, epsilon);
  return pasted(batch.images, ((1 + noise) / 2).clamp(0, 1), norm, epsilon);
}

at::Tensor Noise::value(const Output& output, const at::Tensor& labels) const {
  switch (options_.by) {
    case NoiseOptions::By::margin: return loss_value(LossKind::margin, output.logits, {labels, {}, {}});
    case NoiseOptions::By::open: return executed_share(output.gates);
    case NoiseOptions::By::shut: return -executed_share(output.gates);
  }
  throw std::logic_error("unknown measure of noise");
}

at::Tensor Noise::mean_value(Victim& victim, const Batch& batch, const at::Tensor& tried, uint32_t number) const {
  const int64_t readings = victim.card().has_random_gates ? options_.draws : 1;
  at::Tensor sum;
  for (int64_t reading = 0; reading < readings; ++reading) {
    const Position position{number, static_cast<uint32_t>(reading), 0};
    const at::Tensor one = value(victim.forward(tried, batch.ids, position), batch.labels);
    sum = sum.defined() ? sum + one : one;
  }
  return sum / readings;
}

std::vector<at::Tensor> Noise::propose(Victim& victim, const Batch& batch, Norm norm,
                                       at::ArrayRef<double> epsilons) const {
  std::vector<at::Tensor> candidates, values;
  const bool has_patch = options_.patch > 0;
  const at::Tensor like = has_patch ? square_of(batch.images, options_.patch) : batch.images;
  for (uint32_t number = 0; number < static_cast<uint32_t>(options_.best_of); ++number) {
    // A patch may be of any colours, whatever the budget lets through of them.
    const at::Tensor of_one = noise(like, batch.ids, victim.draws({number, 0, 0}), has_patch ? Norm::linf : norm);
    for (size_t e = 0; e < epsilons.size(); ++e) {
      const at::Tensor tried = noisy(batch, of_one, norm, epsilons[e]);
      if (options_.best_of == 1 || batch.images.size(0) == 0) {
        if (number == 0) candidates.push_back(tried);
        continue;
      }
      const at::Tensor at_tried = mean_value(victim, batch, tried, number);
      if (number == 0) {
        candidates.push_back(tried);
        values.push_back(at_tried);
        continue;
      }
      const at::Tensor better = at_tried.gt(values[e]);
      candidates[e] = at::where(better.view({-1, 1, 1, 1}), tried, candidates[e]);
      values[e] = at::where(better, at_tried, values[e]);
    }
  }
  return candidates;
}

}  // namespace aigis
