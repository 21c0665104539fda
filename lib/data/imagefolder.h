// Folders of images: DIR/train/CLASS/* and DIR/val/CLASS/*, in JPEG or PNG files.
#pragma once

#include "lib/data/dataset.h"

namespace aigis {

struct ImageFolderOptions : DatasetOptions {
  int64_t size = 224;  ///< height and width of every image, in pixels
  int64_t resize = 0;  ///< what the shorter side becomes before the middle is cut out; 0: size

  void bind(OptionTable& table) {
    DatasetOptions::bind(table);
    table.integer("size", &size, 8, 1024, "height and width in pixels, of the middle of each image");
    table.integer("resize", &resize, 0, 2048,
                  "pixels that its shorter side is resized to first, at least size; 256 is customary for size=224 and "
                  "ImageNet; 0: size");
  }
};

/// Loads `imagefolder:DIR,size=224`. Classes are the folders of DIR/train in the order of their bytes; images follow
/// the order of class and file name. The training files are divided into the train and the held-out part. DIR/val is
/// the test part, looked at for that alone, and must have the same classes. Only the wanted part is decoded.
///
/// The shorter side of an image is resized to `resize` (by area when it shrinks, bilinearly when it grows), and the
/// middle is cut out. What a file is follows from its first bytes.
///
/// All images stay in memory, 3 x size x size bytes each: 147 KiB at 224 pixels, 7.5 GB for the 50,000 of ImageNet's
/// validation set; while loading, each thread holds one decoded image more.
///
/// Throws InputError that names the file or folder: missing or without images, classes that differ, a damaged image, an
/// image of another format. Files without an image's extension are ignored.
Dataset load_imagefolder(const Spec& spec, Part asked);

}  // namespace aigis
