#include "reports/plot/compared.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lib/eval/access.h"
#include "reports/aim.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

std::string in_points(std::optional<double> share) { return share ? fmt::format("{:+.1f}", 100 * *share) : "–"; }

std::optional<double> accuracy_of(const PlottedRun* run) {
  return run == nullptr ? std::nullopt : number_at(*run->json, {"accuracy", "robust", "value"});
}

bool is_clean(const Compared& compared) { return compared.a != nullptr && compared.a->is_clean(); }

std::vector<Compared> compared_runs(const RunList& list, size_t file) {
  std::vector<Compared> all;
  for (const Json& entry : at(list.files[file], {"comparisons"})) {
    const PlottedRun *a = find_run(list, file, at(entry, {"run_a"})), *b = find_run(list, file, at(entry, {"run_b"}));
    const std::string budget = a == nullptr ? "" : epsilon_text(a->epsilon, a->norm);
    all.push_back(
        {a, b, number_at(entry, {"difference"}), &at(entry, {"ci95"}), &entry, budget, accuracy_of(a), accuracy_of(b)});
  }
  return all;
}

}  // namespace

bool Compared::is_decided() const { return a != nullptr && b != nullptr && !at(*entry, {"more_robust"}).is_null(); }

const PlottedRun* Compared::leader() const {
  return text_at(*entry, {"more_robust"}) == text_at(*a->json, {"model"}) ? a : b;
}

const PlottedRun* Compared::follower() const { return leader() == a ? b : a; }

bool Compared::is_worst_case() const { return a != nullptr && text_at(*a->json, {"attack", "name"}) == kWorstCase; }

bool Compared::is_transfer() const { return a != nullptr && !surrogate_of(text_at(*a->json, {"access"})).empty(); }

std::string Compared::points(const PlottedRun* first) const {
  const double sign = first == a ? 1 : -1;
  const auto turned = [&](std::optional<double> value) { return value ? std::optional(sign * *value) : std::nullopt; };
  std::optional<double> low, high;
  if (ends->is_array() && ends->size() == 2 && (*ends)[0].is_number() && (*ends)[1].is_number()) {
    low = turned((*ends)[first == a ? 0 : 1].get<double>());
    high = turned((*ends)[first == a ? 1 : 0].get<double>());
  }
  return fmt::format("{} <small>[{}, {}]</small>", in_points(turned(difference)), in_points(low), in_points(high));
}

std::vector<Compared> compared_budgets(const RunList& list, size_t file) {
  std::vector<Compared> all = compared_runs(list, file);
  std::erase_if(all, is_clean);
  return all;
}

std::vector<Compared> compared_clean(const RunList& list, size_t file) {
  std::vector<Compared> all = compared_runs(list, file);
  std::erase_if(all, [](const Compared& compared) { return !is_clean(compared); });
  return all;
}

std::vector<Compared> compared_curves(const RunList& list, size_t file) {
  const Json& report = list.files[file];
  const Json& curves = at(report, {"curves"});
  const auto curve_at = [&](const Json& index) -> const Json& {
    static const Json none;
    const bool is_known = curves.is_array() && index.is_number_unsigned() && index.get<size_t>() < curves.size();
    return is_known ? curves[index.get<size_t>()] : none;
  };
  const auto last_run = [&](const Json& curve) -> const PlottedRun* {
    const Json& runs = at(curve, {"runs"});
    return runs.is_array() && !runs.empty() ? find_run(list, file, runs.back()) : nullptr;
  };
  std::vector<Compared> all;
  for (const Json& entry : at(report, {"curve_comparisons"})) {
    const Json &curve_a = curve_at(at(entry, {"curve_a"})), &curve_b = curve_at(at(entry, {"curve_b"}));
    const PlottedRun *a = last_run(curve_a), *b = last_run(curve_b);
    const std::string budget = a == nullptr ? "" : "0 to " + epsilon_text(a->epsilon, a->norm);
    all.push_back({a, b, number_at(entry, {"difference", "value"}), &at(entry, {"difference", "ci95"}), &entry, budget,
                   number_at(curve_a, {"mean_accuracy", "value"}), number_at(curve_b, {"mean_accuracy", "value"})});
  }
  return all;
}

}  // namespace aigis::plotting
