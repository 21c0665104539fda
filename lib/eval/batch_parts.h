// What a sweep has done of one batch against one model, run by run. The journal holds it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/eval/sweep.h"

namespace aigis {

/// One run over one batch.
struct RunPart {
  RunTally tally;
  /// For each budget, on the CPU: those that are still needed; empty for none. In the form in which they are saved once
  /// all runs of the batch are done.
  std::vector<at::Tensor> images;
};

class BatchParts {
 public:
  /// Begins with the parts that the journal holds in full, with the images that are still needed of them. `batch` is
  /// its index in the data.
  BatchParts(const SweepPlan& plan, Journal& journal, size_t model, int64_t batch);

  /// Where its first image stands in the data.
  int64_t offset() const { return batch_ * plan_.batch; }
  /// How many it has.
  int64_t size() const;
  bool is_done(size_t run) const { return parts_[run].has_value(); }
  bool is_done() const;
  /// What came of a run that is done.
  RunPart& part(size_t run) { return *parts_[run]; }
  const RunPart& part(size_t run) const { return *parts_[run]; }

  /// How many of its images, the first ones, are to be saved.
  int64_t images_saved() const;
  /// How many images of a run, the first ones, are needed after it: all for a worst case that is not done, else those
  /// to be saved.
  int64_t images_needed(size_t run) const;
  /// Adds a part with those images, and writes it into the journal.
  void add(size_t run, RunPart part);

 private:
  /// Lets go of the images that only a worst case needed which is done.
  void release();
  /// Once all runs are done: what is to be saved, in the form in which it is.
  void finish();
  std::string key_of(size_t run) const;
  /// None where the journal's entry does not have the form that this sweep writes, or images are missing.
  std::optional<RunPart> read(size_t run) const;
  std::vector<at::Tensor> read_images(size_t run, int64_t count) const;
  bool is_whole(const RunTally& tally) const;

  const SweepPlan& plan_;
  Journal& journal_;
  size_t model_;
  int64_t batch_;
  std::vector<std::optional<RunPart>> parts_;  ///< [run]
};

}  // namespace aigis
