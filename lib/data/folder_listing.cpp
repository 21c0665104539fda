#include "lib/data/folder_listing.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <string_view>

#include "lib/core/error.h"
#include "lib/core/text.h"

namespace aigis {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kRead = {".jpg", ".jpeg", ".png"};
/// Skipping these silently would evaluate on a part of what the user has.
constexpr std::array<std::string_view, 9> kNotRead = {".bmp", ".gif",  ".webp", ".tif", ".tiff",
                                                      ".ppm", ".heic", ".avif", ".jp2"};

std::string extension(const std::string& path) {
  std::string text = fs::path(path).extension().string();
  // A hidden file that is all extension (".jpg") has none by fs::path.
  if (text.empty()) text = fs::path(path).filename().string();
  for (char& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return text;
}

/// Names in a folder, sorted by their bytes, whatever order the file system has.
std::vector<std::string> names_in(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error == std::errc::no_such_file_or_directory) {
    throw InputError(fmt::format("{}: no such folder; expected DIR/train/CLASS/*.jpg and DIR/val/CLASS/*.jpg", folder));
  }
  if (error) throw InputError(fmt::format("{}: cannot be listed: {}", folder, error.message()));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

namespace {

/// Paths of a class's images, sorted by their names.
std::vector<std::string> images_in(const std::string& class_folder) {
  std::vector<std::string> files;
  for (const auto& file : names_in(class_folder)) {
    const std::string path = (fs::path(class_folder) / file).string();
    const std::string kind = extension(file);
    if (std::find(kNotRead.begin(), kNotRead.end(), kind) != kNotRead.end()) {
      throw InputError(fmt::format("{}: {} files are not read; expected {}", path, kind, fmt::join(kRead, ", ")));
    }
    if (std::find(kRead.begin(), kRead.end(), kind) != kRead.end()) files.push_back(path);
  }
  if (files.empty()) {
    throw InputError(
        fmt::format("{}: a class without images; expected {} files", class_folder, fmt::join(kRead, ", ")));
  }
  return files;
}

}  // namespace

FolderListing list_image_folder(const std::string& folder) {
  FolderListing listing;
  std::vector<std::vector<std::string>> files;  // by class
  size_t most = 0;
  for (const auto& name : names_in(folder)) {
    const std::string class_folder = (fs::path(folder) / name).string();
    if (name.starts_with('.') || !fs::is_directory(class_folder)) continue;
    if (!is_utf8(name)) throw InputError(fmt::format("{}: the name of this class is not UTF-8 text", class_folder));
    listing.classes.push_back(name);
    files.push_back(images_in(class_folder));
    most = std::max(most, files.back().size());
  }
  if (listing.classes.empty()) {
    throw InputError(fmt::format("{}: has no folders; expected one for each class, with its images", folder));
  }
  for (size_t rank = 0; rank < most; ++rank) {
    for (size_t label = 0; label < files.size(); ++label) {
      if (rank >= files[label].size()) continue;
      listing.files.push_back(files[label][rank]);
      listing.labels.push_back(static_cast<int64_t>(label));
    }
  }
  return listing;
}

void check_same_classes(const FolderListing& listing, const std::string& folder, const FolderListing& other,
                        const std::string& other_folder) {
  const auto check = [](const FolderListing& here, const std::string& here_folder, const FolderListing& there,
                        const std::string& there_folder) {
    for (const auto& name : here.classes) {
      if (!std::binary_search(there.classes.begin(), there.classes.end(), name)) {
        throw InputError(fmt::format("{}: class folder '{}' of {} is missing", there_folder, name, here_folder));
      }
    }
  };
  check(listing, folder, other, other_folder);
  check(other, other_folder, listing, folder);
}

}  // namespace aigis
