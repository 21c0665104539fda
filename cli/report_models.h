// The models of a report, found again and held against its hashes.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "lib/eval/sweep.h"
#include "models/load.h"

namespace aigis {

class ReportModels {
 public:
  /// `report` lies at `path`; it and `plan`, which has the test images and the seed that it was made with, must outlive
  /// this.
  ReportModels(std::string path, const Json& report, const SweepPlan& plan, at::Device device)
      : path_(std::move(path)), report_(report), plan_(plan), device_(device) {}

  /// One of the report's `models`, by its id. Throws RunError if its file is not the one that the report was made with,
  /// InputError if there is none.
  const LoadedModel& model(const std::string& id);
  /// One of its `surrogates`: what a transferred attack saw.
  std::shared_ptr<Model> surrogate(const std::string& id) const;
  /// Where a model stands among the report's.
  size_t index_of(const std::string& id) const;
  /// The checkpoint's path in a model's id.
  static std::string file_of(const std::string& id);

 private:
  std::string located(const std::string& checkpoint) const;
  LoadedModel load(const std::string& id, const Json& checkpoint) const;

  std::string path_;
  const Json& report_;
  const SweepPlan& plan_;
  at::Device device_;
  std::map<std::string, LoadedModel> loaded_;
};

}  // namespace aigis
