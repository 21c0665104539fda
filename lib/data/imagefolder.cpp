#include "lib/data/imagefolder.h"

#include <ATen/Parallel.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <filesystem>
#include <opencv2/core/utility.hpp>
#include <utility>

#include "lib/core/error.h"
#include "lib/core/stop.h"
#include "lib/data/folder_listing.h"
#include "lib/data/image_file.h"

namespace aigis {
namespace {

namespace fs = std::filesystem;

/// Everything about a folder but the pixels: `images` is [N, 0].
Dataset without_images(const FolderListing& listing, Part part) {
  Dataset data;
  data.name = "imagefolder";
  data.part = part;
  data.classes = listing.classes;
  data.labels = at::tensor(listing.labels, at::kLong);
  data.ids = at::arange(data.labels.size(0), at::kLong);
  data.images = at::empty({data.labels.size(0), 0}, at::kByte);
  return data;
}

/// Decodes the files that `data` names by its ids.
void fill_images(Dataset& data, const FolderListing& listing, const ImageFolderOptions& options) {
  const int64_t size = options.size, shorter = options.resize == 0 ? size : options.resize;
  // Each image is one thread's work; OpenCV need not divide it further.
  cv::setNumThreads(1);
  data.images = at::empty({data.size(), 3, size, size}, at::kByte);
  uint8_t* const target = data.images.mutable_data_ptr<uint8_t>();
  const int64_t* const ids = data.ids.const_data_ptr<int64_t>();
  const int64_t plane = size * size;
  at::parallel_for(0, data.size(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      check_stop();
      const RgbImage image = resize_and_crop(read_image(listing.files[static_cast<size_t>(ids[n])]), shorter, size);
      for (int64_t c = 0; c < 3; ++c) {
        for (int64_t i = 0; i < plane; ++i) {
          target[(n * 3 + c) * plane + i] = image.pixels[static_cast<size_t>(3 * i + c)];
        }
      }
    }
  });
}

}  // namespace

Dataset load_imagefolder(const Spec& spec, Part asked) {
  const auto options = read_options<ImageFolderOptions>(spec, "data set 'imagefolder'");
  const Part part = options.part(asked);
  if (spec.path.empty()) throw InputError("data set 'imagefolder': no folder given; expected imagefolder:DIR,size=224");
  if (options.resize != 0 && options.resize < options.size) {
    throw InputError(
        fmt::format("data set 'imagefolder': option 'resize': {} is too small; expected 0 or at least {}, the size",
                    options.resize, options.size));
  }
  const std::string train_folder = (fs::path(spec.path) / "train").string();
  FolderListing listing = list_image_folder(train_folder);
  if (part == Part::test) {
    const std::string test_folder = (fs::path(spec.path) / "val").string();
    FolderListing test = list_image_folder(test_folder);
    check_same_classes(listing, train_folder, test, test_folder);
    listing = std::move(test);
  }
  Dataset data = without_images(listing, part);
  // Divided before decoding, so that only the wanted part takes time and memory.
  if (part != Part::test) data = divide(data, part);
  fill_images(data, listing, options);
  return data;
}

}  // namespace aigis
