// One run of `aigis train` in its folder: from settings to the checkpoint, its record and what --resume needs.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/settings.h"
#include "lib/core/files.h"
#include "lib/core/model.h"
#include "lib/core/progress.h"
#include "lib/data/dataset.h"
#include "lib/train/trainer.h"

namespace aigis {

class TrainingRun {
 public:
  TrainingRun(const Settings& settings, bool resume);
  int run();

 private:
  /// Takes weights and statistics from a checkpoint; returns the file's SHA-256.
  std::string start_from(const std::string& path);
  void save();
  /// Whether model and record are of the epoch that the run stands at: one that was killed may have saved its state
  /// alone.
  bool is_saved() const;
  void write_model();
  Json final_results();
  Json train_json() const;

  Stopwatch watch_;  ///< first, so that it runs while data are loaded
  std::string folder_;
  FileLock lock_;  ///< on the folder
  Spec architecture_, data_;
  TrainOptions options_;
  at::Device device_;
  std::optional<double> time_limit_;  ///< seconds on the watch
  Dataset train_, held_out_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<Trainer> trainer_;
  Json config_, data_json_, final_;
};

}  // namespace aigis
