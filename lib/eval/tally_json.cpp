// How a tally is written into the journal of a run, and read again.
#include "lib/eval/tally.h"

namespace aigis {

Json PassTally::to_json() const {
  return {{"accuracy", accuracy.counts()},
          {"top5", top5.counts()},
          {"near_ties", near_ties},
          {"without_answer", without_answer},
          {"like_probabilities", like_probabilities},
          {"histogram", histogram},
          {"costs", costs},
          {"labels", labels},
          {"opened", opened},
          {"spent", spent},
          {"cost_spread", cost_spread}};
}

PassTally PassTally::from_json(const Json& json) {
  return {Proportion::from_counts(json.at("accuracy")),
          Proportion::from_counts(json.at("top5")),
          json.at("near_ties"),
          json.at("without_answer"),
          json.at("like_probabilities"),
          json.at("histogram").get<std::vector<int64_t>>(),
          json.at("costs").get<std::map<int64_t, int64_t>>(),
          json.at("labels").get<std::vector<int64_t>>(),
          json.at("opened").get<std::vector<int64_t>>(),
          json.at("spent").get<std::vector<int64_t>>(),
          json.at("cost_spread").get<std::vector<double>>()};
}

Json Extent::to_json() const { return {sum, max}; }

Extent Extent::from_json(const Json& json) { return {json.at(0), json.at(1)}; }

Json CellTally::to_json() const {
  Json stages = Json::array();
  for (const Stage& stage : audit.stages) stages.push_back({stage.attack, stage.tried, stage.broken});
  return {{"pass", pass.to_json()},
          {"hits", hits},
          {"quantized_hits", quantized_hits},
          {"margins", margins},
          {"quantized_opened", quantized_opened},
          {"swap", {clean_on_adversarial, adversarial_on_clean}},
          {"quantized", quantized.counts()},
          {"quantized_near_ties", quantized_near_ties},
          {"on_target", on_target.counts()},
          {"kept", kept.counts()},
          {"flipped", flipped.counts()},
          {"linf", linf.to_json()},
          {"l2", l2.to_json()},
          {"l1", l1.to_json()},
          {"l0", l0.to_json()},
          {"faults", {over_budget, out_of_box, not_finite}},
          {"worst_overshoot", worst_overshoot},
          {"lost", {watched, lost}},
          {"audit",
           {audit.forward, audit.backward, audit.aside, audit.zero_gradients, audit.bad_gradients, stages,
            audit.broken_after}},
          {"seconds", seconds},
          {"latency", {latency.clean, latency.adversarial}}};
}

CellTally CellTally::from_json(const Json& json) {
  CellTally cell;
  cell.pass = PassTally::from_json(json.at("pass"));
  cell.hits = json.at("hits").get<std::vector<int64_t>>();
  cell.quantized_hits = json.at("quantized_hits").get<std::vector<int64_t>>();
  cell.margins = json.at("margins").get<std::vector<double>>();
  cell.quantized_opened = json.at("quantized_opened").get<std::vector<int64_t>>();
  cell.clean_on_adversarial = json.at("swap").at(0).get<std::vector<int64_t>>();
  cell.adversarial_on_clean = json.at("swap").at(1).get<std::vector<int64_t>>();
  cell.quantized = Proportion::from_counts(json.at("quantized"));
  cell.quantized_near_ties = json.at("quantized_near_ties");
  cell.on_target = Proportion::from_counts(json.at("on_target"));
  cell.kept = Proportion::from_counts(json.at("kept"));
  cell.flipped = Proportion::from_counts(json.at("flipped"));
  cell.linf = Extent::from_json(json.at("linf"));
  cell.l2 = Extent::from_json(json.at("l2"));
  cell.l1 = Extent::from_json(json.at("l1"));
  cell.l0 = Extent::from_json(json.at("l0"));
  cell.over_budget = json.at("faults").at(0);
  cell.out_of_box = json.at("faults").at(1);
  cell.not_finite = json.at("faults").at(2);
  cell.worst_overshoot = json.at("worst_overshoot");
  cell.watched = json.at("lost").at(0);
  cell.lost = json.at("lost").at(1);
  const Json& audit = json.at("audit");
  cell.audit = {audit.at(0), audit.at(1), audit.at(2), audit.at(3), audit.at(4), {}, {}};
  for (const Json& stage : audit.at(5)) cell.audit.stages.push_back({stage.at(0), stage.at(1), stage.at(2)});
  cell.audit.broken_after = audit.at(6).get<std::map<int64_t, int64_t>>();
  cell.seconds = json.at("seconds");
  cell.latency.clean = json.at("latency").at(0).get<std::vector<double>>();
  cell.latency.adversarial = json.at("latency").at(1).get<std::vector<double>>();
  return cell;
}

Json RunTally::to_json() const {
  Json list = Json::array();
  for (const auto& cell : cells) list.push_back(cell.to_json());
  return {{"clean", clean.to_json()},
          {"clean_hits", clean_hits},
          {"redraw_flipped", redraw_flipped.counts()},
          {"cells", list}};
}

RunTally RunTally::from_json(const Json& json) {
  RunTally run;
  run.clean = PassTally::from_json(json.at("clean"));
  run.clean_hits = json.at("clean_hits").get<std::vector<int64_t>>();
  run.redraw_flipped = Proportion::from_counts(json.at("redraw_flipped"));
  for (const auto& cell : json.at("cells")) run.cells.push_back(CellTally::from_json(cell));
  return run;
}

}  // namespace aigis
