// Files that are never half-written, and hashes of their content.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace aigis {

/// Reads a whole file. Throws InputError that names the path.
std::string read_file(const std::string& path);

/// Where a symbolic link leads; the path itself if it is none. A file written there, and what belongs beside it, then
/// lie together.
std::string follow_links(const std::string& path);

/// Writes beside `path`, flushes to the disk and renames, so that a reader sees the old content or the new.
/// Throws RunError (disk full, no permission); what was there stays. A symbolic link is followed, not replaced. Only a
/// program that is killed meanwhile leaves the unfinished PATH.tmp-PID behind.
void write_file(const std::string& path, std::string_view content);

/// Throws InputError if a file could not be created at `path`, or the one there is write-protected; creates missing
/// parent folders.
void check_writable(const std::string& path);
/// Creates the folder and its parents, and checks that files can be made in it.
void make_folder(const std::string& path);

/// Held as long as the object lives, on a file or folder that exists; ends with the process, however that ends.
class FileLock {
 public:
  FileLock() = default;
  /// Throws InputError if another process holds it.
  explicit FileLock(const std::string& path);
  ~FileLock();
  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }

 private:
  int descriptor_ = -1;
};

/// SHA-256 in lower-case hexadecimal.
std::string sha256(std::string_view content);
std::string sha256_file(const std::string& path);

/// SHA-256 of data that arrives in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(const void* data, size_t bytes);
  std::string hex();

 private:
  void* context_;
};

}  // namespace aigis
