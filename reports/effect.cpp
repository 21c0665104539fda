#include "reports/effect.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "lib/metrics/median.h"
#include "lib/metrics/student.h"
#include "reports/cost_facts.h"
#include "reports/likeness.h"

namespace aigis {
namespace {

using Kind = Effect::Kind;
using Verdict = Contrast::Verdict;

constexpr double kMillion = 1e6;

std::vector<double> per_draw(const std::vector<int64_t>& sums, int64_t draws) {
  std::vector<double> means;
  means.reserve(sums.size());
  for (const int64_t sum : sums) means.push_back(static_cast<double>(sum) / static_cast<double>(draws));
  return means;
}

Verdict verdict_of(double difference, bool wants_more) {
  return (difference > 0) == wants_more ? Verdict::more : Verdict::less;
}

Contrast by_test(const Effect& attacked, const Effect& other, double chance) {
  PairedComparison pair(attacked.draws, other.draws);
  for (size_t i = 0; i < attacked.of_images.size(); ++i) {
    pair.add(static_cast<int64_t>(attacked.of_images[i]), static_cast<int64_t>(other.of_images[i]));
  }
  const double p = pair.p_value();
  return {p < chance ? verdict_of(pair.difference(), attacked.grows) : Verdict::alike,
          fmt::format("image by image, p = {:.2g}", p)};
}

/// Differences of one size have an interval of no width, however few they are.
Contrast by_interval(const std::vector<double>& differences, const Effect& of, double chance) {
  if (differences.size() < kFewestForInterval) {
    return {Verdict::alike, fmt::format("{} images are too few to tell by", differences.size())};
  }
  const Interval interval = student_interval(differences, 1 - chance);
  const double mean = mean_of(differences);
  return {interval.excludes_zero() ? verdict_of(mean, of.grows) : Verdict::alike,
          fmt::format("image by image, the difference is {:.3f} [{:.3f}, {:.3f}]", mean / of.unit,
                      interval.low / of.unit, interval.high / of.unit)};
}

}  // namespace

double Effect::value() const {
  const double mean = mean_of(of_images) / static_cast<double>(draws);
  return kind == Kind::variance ? std::sqrt(mean) : mean;
}

std::optional<size_t> graph_class(const Attack& attack) {
  const Json options = attack.options();
  if (attack.aim() != Aim::graph || !options.contains("class")) return {};
  return options["class"].get<size_t>();
}

std::optional<Effect> effect_of(const Attack& attack, const ModelCard& card, const RunTally& tally,
                                const CellTally& cell) {
  const Aim aim = attack.aim();
  switch (aim) {
    case Aim::wrong_answer:
      return Effect{"robust accuracy", Kind::share, {cell.hits.begin(), cell.hits.end()}, 1, false, card.draws};
    case Aim::unseen_wrong_answer: {
      const std::vector<int64_t> unseen = unseen_and_wrong(card, tally, cell);
      return Effect{"the share of images that are wrong and unseen by a monitor",
                    Kind::share,
                    {unseen.begin(), unseen.end()},
                    1,
                    true,
                    card.draws};
    }
    case Aim::more_compute:
    case Aim::less_compute:
      return Effect{"executed multiply-accumulates, million", Kind::amount, per_draw(cell.pass.spent, card.draws),
                    kMillion, aim == Aim::more_compute};
    case Aim::uneven_compute:
      if (cell.pass.cost_spread.empty()) return {};
      return Effect{"deviation of executed multiply-accumulates from pass to pass, million", Kind::variance,
                    cell.pass.cost_spread, kMillion};
    case Aim::graph: {
      std::vector<double> alike = likeness_to(*graph_class(attack), card, tally.clean, cell.pass);
      if (alike.empty()) return {};
      return Effect{"likeness to the average graph of the class", Kind::amount, std::move(alike)};
    }
  }
  return {};
}

Contrast contrast(const Effect& attacked, const Effect& other, double chance) {
  if (attacked.kind == Kind::share) return by_test(attacked, other, chance);
  // A difference of roots is that of what they are of, over their sum.
  const double sum = attacked.value() + other.value(), scale = attacked.kind == Kind::variance && sum > 0 ? sum : 1;
  std::vector<double> differences;
  for (size_t i = 0; i < attacked.of_images.size(); ++i) {
    differences.push_back((attacked.of_images[i] - other.of_images[i]) / scale);
  }
  return by_interval(differences, attacked, chance);
}

}  // namespace aigis
