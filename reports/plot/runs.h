// The runs of several reports as one list, with names short enough to draw and different where the runs differ.
#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/json.h"
#include "reports/plot/selection.h"

namespace aigis::plotting {

struct PlottedModel {
  std::string label;                ///< "aig-20 gates=argmax"
  const Json* json;                 ///< of models[]
  std::vector<std::string> layers;  ///< names of the gated layers; empty for a model without gates
};

struct PlottedRun {
  const Json* json;
  size_t file, index;   ///< runs[index] of the file
  size_t model;         ///< in RunList::models
  std::string attack;   ///< "pgd steps=10": one facet of a figure
  std::string setting;  ///< "jpeg, white-box": defense and access
  std::string norm;
  double epsilon;

  bool attacked() const;
  bool is_clean() const;  ///< without an attack, or within budget 0
};

struct RunList {
  std::vector<PlottedModel> models;
  std::vector<PlottedRun> runs;
  std::map<std::pair<size_t, size_t>, size_t>
      places;  ///< of every run of the files, by file and index: its place in runs

  /// Labels in order of appearance.
  std::vector<std::string> attacks() const;
  std::vector<std::string> settings() const;
  /// Classes of the file that holds a run.
  const Json& classes(const PlottedRun& run) const;
  std::span<const Json> files;
};

/// Joins the reports among `files`, which must outlive the list. Runs of the same thing in two files count once,
/// and the later file wins.
RunList join_runs(std::span<const Json> files);

/// A run of a list that join_runs() made, by its place in a file, or the same run of a later file; null if unknown.
const PlottedRun* find_run(const RunList& list, size_t file, size_t index);
/// By the index as a report holds it; null if that is none.
const PlottedRun* find_run(const RunList& list, size_t file, const Json& index);

/// "aig-20 gates=argmax, jpeg quality=50": the model and the defense that a run judges.
std::string defended_label(const RunList& list, const PlottedRun& run);

/// The runs that a selection lets through; a name that matches nothing is an InputError with what there is.
RunList select_runs(RunList list, const PlotSelection& selection);

}  // namespace aigis::plotting
