// What an evaluation has finished so far, one line for each part: its hash and its JSON, appended and flushed to the
// disk. What is too large for a line, such as images, is a file of its own in a folder beside it.
#pragma once

#include <map>
#include <mutex>
#include <optional>
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
  /// The attachment of an entry found; none if it has none, or its file is not what was written.
  std::optional<std::string> attachment(const std::string& key) const;
  /// Appends an entry, once its attachment, unless that is empty, is on the disk. Throws RunError if they cannot be
  /// written; earlier entries stay. Several threads may call it.
  void add(const std::string& key, const Json& value, const std::string& attachment = "");
  /// For good: the entry is read without it from now on.
  void remove_attachment(const std::string& key);
  /// Parts that are kept, found and added.
  size_t size() const { return size_; }
  /// Deletes it, with all attachments, once the report stands.
  void remove();

 private:
  struct Entry {
    Json value;
    std::string attachment;  ///< its SHA-256; empty: none
  };

  void append(const std::string& line);

  std::string path_;
  FileLock lock_;
  int descriptor_ = -1;
  std::mutex guard_;  ///< of what add() changes
  size_t size_ = 0;
  std::map<std::string, Entry> entries_;  ///< those found
};

/// Deletes the journal at `path`, if there is one, with all attachments.
void remove_journal(const std::string& path);

}  // namespace aigis
