#include "lib/eval/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "lib/core/error.h"
#include "lib/core/files.h"

namespace aigis {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kStart = "{\"identity\"";

InputError not_a_journal(const std::string& path) {
  return InputError(path + ": is not a journal of aigis; move it away");
}

/// Null for a line that is no JSON.
Json parsed(std::string_view line, const std::string& path) {
  try {
    return parse_json(line, path);
  } catch (const InputError&) {
    return nullptr;
  }
}

/// An entry with its hash before it: one digit changed on the disk must not change a report.
std::string sealed(const std::string& entry) { return sha256(entry) + " " + entry; }

/// The entry of a line, null if its hash is another.
Json unsealed(std::string_view line, const std::string& path) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || sha256(line.substr(space + 1)) != line.substr(0, space)) return nullptr;
  return parsed(line.substr(space + 1), path);
}

std::string attachments_of(const std::string& journal) { return journal + "-files"; }

std::string attachment_path(const std::string& journal, std::string key) {
  std::replace(key.begin(), key.end(), ' ', '-');
  return (fs::path(attachments_of(journal)) / key).string();
}

}  // namespace

Journal::Journal(const std::string& path, const Json& identity) : path_(path) {
  size_t kept = 0;
  std::error_code error;
  const bool is_new = !fs::exists(path, error);
  if (!is_new) {
    lock_ = FileLock(path);
    const std::string content = read_file(path);
    for (size_t begin = 0; begin < content.size();) {
      const size_t end = content.find('\n', begin);
      if (end == std::string::npos) {  // cut off
        if (begin == 0 && !content.starts_with(kStart) && !kStart.starts_with(content)) throw not_a_journal(path);
        break;
      }
      const std::string_view text = std::string_view(content).substr(begin, end - begin);
      if (begin == 0) {
        const Json line = parsed(text, path);
        if (!line.is_object() || !line.contains("identity")) throw not_a_journal(path);
        if (line["identity"] != identity && end + 1 == content.size()) break;  // of a run that got nowhere
        if (line["identity"] != identity) {
          throw InputError(path +
                           ": belongs to an unfinished run with other settings, data or weights, or by another build; "
                           "finish that run, "
                           "delete the file or choose another --out");
        }
      } else {
        const Json entry = unsealed(text, path);
        if (entry.is_null()) break;  // damaged: what follows is done again
        entries_[entry.at("key").get<std::string>()] = {entry.at("value"), entry.value("attachment", "")};
      }
      begin = kept = end + 1;
    }
  }
  size_ = entries_.size();
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0) throw InputError(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
  if (is_new) lock_ = FileLock(path);
  if (::ftruncate(descriptor_, static_cast<off_t>(kept)) != 0) {
    throw RunError(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
  }
  if (kept == 0) append(Json{{"identity", identity}}.dump());
}

Journal::~Journal() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

const Json* Journal::find(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second.value;
}

std::optional<std::string> Journal::attachment(const std::string& key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.attachment.empty()) return {};
  try {
    std::string content = read_file(attachment_path(path_, key));
    if (sha256(content) == found->second.attachment) return content;
  } catch (const InputError&) {  // as if it had never been written
  }
  return {};
}

void Journal::add(const std::string& key, const Json& value, const std::string& attachment) {
  if (descriptor_ < 0) return;
  Json entry{{"key", key}, {"value", value}};
  if (!attachment.empty()) {
    make_folder(attachments_of(path_));
    write_file(attachment_path(path_, key), attachment);
    entry["attachment"] = sha256(attachment);
  }
  const std::string line = sealed(entry.dump());
  const std::scoped_lock lock(guard_);
  append(line);
  if (!entries_.contains(key)) ++size_;
}

void Journal::remove_attachment(const std::string& key) {
  if (descriptor_ < 0) return;
  std::error_code error;
  fs::remove(attachment_path(path_, key), error);
}

void Journal::append(const std::string& line) {
  const std::string bytes = line + "\n";
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t written = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      throw RunError(fmt::format("{}: cannot be written: {}; what was done is kept", path_, std::strerror(errno)));
    }
    done += static_cast<size_t>(written);
  }
  if (::fdatasync(descriptor_) != 0) {
    throw RunError(fmt::format("{}: cannot be written: {}", path_, std::strerror(errno)));
  }
}

void Journal::remove() {
  if (descriptor_ < 0) return;
  remove_journal(path_);
  ::close(descriptor_);
  descriptor_ = -1;
  lock_ = {};
}

void remove_journal(const std::string& path) {
  std::error_code error;
  fs::remove_all(attachments_of(path), error);
  fs::remove(path, error);
}

}  // namespace aigis
