// The list of data sets.

#include "lib/core/error.h"
#include "lib/core/options.h"
#include "lib/core/text.h"
#include "lib/data/cifar10.h"
#include "lib/data/dataset.h"
#include "lib/data/imagefolder.h"
#include "lib/data/synthetic.h"

namespace aigis {
namespace {

template <class Options>
Json documentation() {
  Options options;
  OptionTable table;
  options.bind(table);
  return table.documentation();
}

}  // namespace

const std::vector<DatasetEntry>& dataset_list() {
  static const std::vector<DatasetEntry> list{
      {"cifar10", "CIFAR-10, 32x32, 10 classes: cifar10:DIR", "Krizhevsky 2009", [] { return Json::array(); },
       load_cifar10},
      {"imagefolder", "JPEG and PNG files, DIR/{train,val}/CLASS/*: imagefolder:DIR,size=224", "this project",
       documentation<ImageFolderOptions>, load_imagefolder},
      {"synthetic", "procedural shapes, 32x32, 10 classes; needs no files", "this project",
       documentation<SyntheticOptions>, load_synthetic},
  };
  return list;
}

Dataset load_dataset(const Spec& spec, Part part) {
  std::vector<std::string> names;
  for (const auto& entry : dataset_list()) {
    if (entry.name == spec.name) return entry.load(spec, part);
    names.push_back(entry.name);
  }
  throw InputError(unknown_name("data set", spec.name, names));
}

}  // namespace aigis
