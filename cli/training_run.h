// One run of `aigis train` in its folder: from settings to the checkpoint, its record and what --resume needs.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/settings.h"
#include "cli/train_record.h"
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
  void read_options(const Settings& settings);
  /// For the data, on the device. Takes its weights from the checkpoint `init`, unless the run `goes_on` and has them
  /// behind it; returns the SHA-256 of that file, null without one.
  Json build_network(const std::string& init, bool goes_on);
  /// Makes the folder the run's own, and takes up the run that it holds if this one goes on with it.
  void enter_folder(bool goes_on);
  /// Takes weights and statistics from a checkpoint; returns the file's SHA-256.
  std::string start_from(const std::string& path);
  void save();
  /// Whether model and record are of the epoch that the run stands at: one that was killed may have saved its state
  /// alone.
  bool is_saved() const;
  void write_model();
  Json final_results();

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
  TrainRecord record_;
};

}  // namespace aigis
