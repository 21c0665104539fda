// The list of data sets.
#include "lib/core/catalogue.h"
#include "lib/core/options.h"
#include "lib/data/cifar10.h"
#include "lib/data/dataset.h"
#include "lib/data/imagefolder.h"
#include "lib/data/synthetic.h"

namespace aigis {

const std::vector<DatasetEntry>& dataset_list() {
  static const std::vector<DatasetEntry> list{
      {"cifar10", "CIFAR-10, 32x32, 10 classes: cifar10:DIR", "Krizhevsky 2009", option_documentation<DatasetOptions>,
       load_cifar10},
      {"imagefolder", "JPEG and PNG files, DIR/{train,val}/CLASS/*: imagefolder:DIR,size=224", "this project",
       option_documentation<ImageFolderOptions>, load_imagefolder},
      {"synthetic", "procedural shapes, 32x32, 10 classes; needs no files", "this project",
       option_documentation<SyntheticOptions>, load_synthetic},
  };
  return list;
}

Dataset load_dataset(const Spec& spec, Part part) {
  return find_entry(dataset_list(), "data set", spec.name).load(spec, part);
}

}  // namespace aigis
