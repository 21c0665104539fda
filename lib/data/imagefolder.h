// Folders of images: DIR/train/CLASS/* and DIR/val/CLASS/*, in JPEG or PNG files.
#pragma once

#include "lib/core/options.h"
#include "lib/data/dataset.h"

namespace aigis {

struct ImageFolderOptions {
  int64_t size = 224;  ///< height and width of every image, in pixels

  void bind(OptionTable& table) {
    table.integer("size", &size, 8, 1024,
                  "height and width in pixels; the shorter side is resized to it, the longer one cropped");
  }
};

/// Loads `imagefolder:DIR,size=224`. Classes are the folders of DIR/train in the order of their bytes; images follow
/// the order of class and file name. The training files are divided into the train and the held-out part. DIR/val is
/// the test part, looked at for that alone, and must have the same classes. Only the wanted part is decoded.
///
/// An image whose height and width are `size` stays as it is. Of another the shorter side is resized to `size` (by area
/// when it shrinks, bilinearly when it grows) and the middle is cut out. What a file is follows from its first bytes.
///
/// All images stay in memory, 3 x size x size bytes each: 147 KiB at 224 pixels, 7.5 GB for the 50,000 of ImageNet's
/// validation set; while loading, each thread holds one decoded image more.
///
/// Throws InputError that names the file or folder: missing or without images, classes that differ, a damaged image, an
/// image of another format. Files without an image's extension are ignored.
Dataset load_imagefolder(const Spec& spec, Part part);

}  // namespace aigis
