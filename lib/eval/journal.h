// What an evaluation has finished so far, one line for each part: its hash and its JSON, appended and flushed to the
// disk.
#pragma once

#include <map>
#include <string>

#include "lib/core/files.h"
#include "lib/core/json.h"

namespace aigis {

class Journal {
 public:
  /// Keeps nothing.
  Journal() = default;
  /// Opens or creates `path`. `identity` describes the run; a journal that holds parts of another is an InputError.
  /// What follows a line that is cut off or damaged is dropped. Throws InputError while another process writes it.
  Journal(const std::string& path, const Json& identity);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// The entry for `key`, or null.
  const Json* find(const std::string& key) const;
  /// Appends an entry. Throws RunError if it cannot be written; earlier entries stay.
  void add(const std::string& key, const Json& value);
  /// Parts that are kept, found and added.
  size_t size() const { return size_; }
  /// Deletes the file, once the report stands.
  void remove();

 private:
  void append(const std::string& line);

  std::string path_;
  FileLock lock_;
  int descriptor_ = -1;
  size_t size_ = 0;
  std::map<std::string, Json> entries_;
};

}  // namespace aigis
