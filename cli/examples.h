// The adversarial images that a report keeps for a later check, in a file beside it.
//
// The file's name holds its hash, so that a report and its images never part: new images are written first, then the
// report that names them takes the old one's place, and only then are the old one's images removed. A copy of the old
// report loses them with it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/eval/sweep.h"
#include "lib/ops/safetensors.h"

namespace aigis {

/// The forms of saved images: "float32", as they are, or "uint8", rounded to 8 bits. Throws InputError, with the name
/// of the flag, for another word.
at::ScalarType parse_examples_form(const std::string& word);
const char* examples_form_name(at::ScalarType form);

/// A report's configuration in the words of this version: before 1.14 `save_examples` was `examples`, as float32.
Json config_of(const Json& report);

/// Writes the saved images beside the report `out` and names the file in each of the report's runs. With the images, by
/// the number of their run: "7.images"; "7.hits" [n], in how many draws the label was right; "7.margin" [n], how nearly
/// it was or was not (Judgement::margins); and of gated models "7.opened" and "7.opened_before" [n, L], in how many
/// draws each layer ran for the adversarial image and for the clean one. What is said of an adversarial image is said
/// of it as it is saved.
void save_examples(const SweepResult& result, const SweepPlan& plan, const std::string& out, Json& report);

/// The files that a report names.
std::vector<std::string> examples_of(const Json& report);

/// Removes those of `files` that `report`, now at `out`, does not name. Only files that save_examples() made for this
/// `out` are touched.
void remove_examples(const std::vector<std::string>& files, const Json& report, const std::string& out);

/// Reads what a report's runs saved; each file once.
class ExampleReader {
 public:
  explicit ExampleReader(std::string report) : report_(std::move(report)) {}

  struct Saved {
    at::Tensor images;                 ///< [n, C, H, W] float32 or uint8
    at::Tensor hits;                   ///< [n] int64
    at::Tensor margins;                ///< [n] float32; undefined where none were saved
    at::Tensor opened_before, opened;  ///< [n, L] int64; undefined where none were saved

    /// Of the images `begin` to `end`, without which layers ran for them.
    Saved part(int64_t begin, int64_t end) const {
      const auto rows = [&](const at::Tensor& all) { return all.defined() ? all.slice(0, begin, end) : all; };
      return {rows(images), rows(hits), rows(margins), {}, {}};
    }
  };
  /// What was saved of `run`, the report's run number `index`. Throws RunError if its file is not the one that the
  /// report names, or does not hold the run's number of images of this shape, in the form that the report says.
  Saved read(const Json& run, size_t index, at::IntArrayRef shape);
  /// The number of runs of which the files read so far hold images.
  size_t runs() const;

 private:
  std::string report_;
  std::map<std::string, Safetensors> files_;
};

}  // namespace aigis
