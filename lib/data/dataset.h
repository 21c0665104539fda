// Data sets in memory: 8-bit images, labels, and the index of each image in its set.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/options.h"
#include "lib/core/tensor.h"

namespace aigis {

/// Which images of a data set. The test part is for evaluation alone; every choice uses `held_out`.
enum class Part {
  train,     ///< the training files without the held-out images
  held_out,  ///< a fixed random tenth of the training files, the same for every seed
  test,      ///< the test files
};

const char* part_name(Part part);

/// Options that every data set has.
struct DatasetOptions {
  Part judged = Part::test;

  void bind(OptionTable& table);
  /// The part to load where `asked` for: `judged` in place of the test part.
  Part part(Part asked) const { return asked == Part::test ? judged : asked; }
};

/// [count] positions of 0 … size - 1 at equal distances; `count` is at most `size`.
at::Tensor equidistant(int64_t size, int64_t count);

/// Where each of `ids` stands in `sorted`, and whether it does: [N] int64 and [N] bool. `sorted` is not empty.
std::pair<at::Tensor, at::Tensor> find_ids(const at::Tensor& sorted, const at::Tensor& ids);

struct Dataset {
  std::string name;  ///< "cifar10"
  Part part = Part::test;
  std::vector<std::string> classes;  ///< names, in the order of the labels
  at::Tensor images;                 ///< [N, 3, H, W] uint8, on the CPU when loaded
  at::Tensor labels;                 ///< [N] int64, on the device of the images
  at::Tensor ids;                    ///< [N] int64 on the CPU, index in the files read: keys every random draw

  int64_t size() const { return labels.size(0); }
  /// The first `count` images, all if `count` is 0 or larger than the set.
  Dataset first(int64_t count) const;
  /// `count` images at equal distances, for sets that are sorted by class; all if it has no more.
  Dataset spread(int64_t count) const;
  /// Images whose positions are given.
  Dataset select(const at::Tensor& positions) const;
  /// With images and labels on a device.
  Dataset on(at::Device device) const;
  /// SHA-256 over images and labels, in order.
  std::string hash() const;
};

struct Batch {
  at::Tensor images;  ///< [N, 3, H, W] float in [0, 1]
  at::Tensor labels;  ///< [N] int64, on the device of the images
  at::Tensor ids;     ///< [N] int64, on the CPU

  /// Images whose positions are given, on any device.
  Batch select(const at::Tensor& positions) const;
  /// Images `begin` to `begin + count`, or to the last; they are not copied.
  Batch part(int64_t begin, int64_t count) const;
};

/// Images `begin` to `begin + count` as floats in [0, 1] on a device.
Batch take(const Dataset& data, int64_t begin, int64_t count, at::Device device = at::kCPU);

/// One line of the list of data sets.
struct DatasetEntry {
  std::string name, summary, source;
  std::function<Json()> options;
  std::function<Dataset(const Spec&, Part)> load;
};

const std::vector<DatasetEntry>& dataset_list();

/// Loads one part: `cifar10:DIR`, `imagefolder:DIR,size=224`, `synthetic:seed=1`. Reads only that part's files. What is
/// judged is the test part unless the spec names another: `cifar10:DIR,part=held_out`.
/// Throws InputError that names the file and what is wrong with it.
Dataset load_dataset(const Spec& spec, Part part);

/// Divides training images into train and held-out parts: a tenth, drawn with a fixed key.
Dataset divide(const Dataset& all_training, Part part);

}  // namespace aigis
