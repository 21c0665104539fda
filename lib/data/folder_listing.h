// The image files of a data set that is a tree of folders, one for each class.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace aigis {

struct FolderListing {
  std::vector<std::string> classes;  ///< names of the subfolders, sorted by their bytes
  /// Paths: the first file of each class by name, then the second of each, and so on, so that the first N images of a
  /// set are of all classes.
  std::vector<std::string> files;
  std::vector<int64_t> labels;  ///< of each file
};

/// Lists DIR/CLASS/*.{jpg,jpeg,png}, in lower or upper case. Folders whose names begin with a dot are no classes.
/// Throws InputError that names the folder or file: missing or unreadable, no classes, a class without images, an
/// image format that is not read.
FolderListing list_image_folder(const std::string& folder);

/// Throws InputError unless both have the same classes.
void check_same_classes(const FolderListing& listing, const std::string& folder, const FolderListing& other,
                        const std::string& other_folder);

}  // namespace aigis
