#include "lib/core/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "lib/core/error.h"

namespace aigis {
namespace fs = std::filesystem;

std::string read_file(const std::string& path) {
  std::error_code error;
  const auto type = fs::status(path, error).type();
  if (type == fs::file_type::directory) throw InputError(fmt::format("{}: is a folder; expected a file", path));
  if (!error && type != fs::file_type::regular && type != fs::file_type::not_found) {
    throw InputError(fmt::format("{}: is a device or pipe; expected a file", path));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  std::string content(std::istreambuf_iterator<char>(file), {});
  if (file.bad()) throw InputError(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  return content;
}

namespace {

/// Also for root, who could write to it.
bool is_protected(const std::string& path) {
  std::error_code error;
  constexpr auto kWrite = fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write;
  return (fs::status(path, error).permissions() & kWrite) == fs::perms::none || ::access(path.c_str(), W_OK) != 0;
}

std::string temporary_name(const std::string& path) { return fmt::format("{}.tmp-{}", path, ::getpid()); }

/// Makes a rename outlast a power cut.
void sync_folder(const std::string& path) {
  const std::string folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path().string() : ".";
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

std::string follow_links(const std::string& path) {
  constexpr int kMostLinks = 40;  // as the kernel's own limit, against links in a circle
  fs::path file(path);
  std::error_code error;
  for (int i = 0; i < kMostLinks && fs::is_symlink(file, error); ++i) {
    file = file.parent_path() / fs::read_symlink(file, error);  // an absolute target replaces the folder
  }
  return file.string();
}

void write_file(const std::string& given, std::string_view content) {
  const std::string path = follow_links(given);
  const std::string temporary = temporary_name(path);
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) throw RunError(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
  const auto fail = [&] {
    const std::string reason = std::strerror(errno);
    ::close(descriptor);
    ::unlink(temporary.c_str());
    throw RunError(fmt::format("{}: cannot be written: {}", path, reason));
  };
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail();
    content.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(descriptor) != 0) fail();
  if (::close(descriptor) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0) {
    const std::string reason = std::strerror(errno);
    ::unlink(temporary.c_str());
    throw RunError(fmt::format("{}: cannot be written: {}", path, reason));
  }
  sync_folder(path);
}

void check_writable(const std::string& given) {
  const std::string path = follow_links(given);
  std::error_code error;
  const auto type = fs::status(path, error).type();
  if (type == fs::file_type::directory) {
    throw InputError(fmt::format("{}: is a folder; expected the path of a file", path));
  }
  if (!error && type != fs::file_type::regular && type != fs::file_type::not_found) {
    throw InputError(fmt::format("{}: is a device or pipe; expected the path of a file", path));
  }
  // Renaming over it would work, but whoever protected the file meant it to stay.
  if (type == fs::file_type::regular && is_protected(path)) {
    throw InputError(fmt::format("{}: is write-protected; choose another path", path));
  }
  const fs::path parent = fs::path(path).parent_path();
  if (!parent.empty()) make_folder(parent.string());
  const std::string temporary = temporary_name(path);
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) throw InputError(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
  ::close(descriptor);
  ::unlink(temporary.c_str());
}

void make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  std::error_code none;
  if (!fs::is_directory(path, none)) {
    throw InputError(
        fmt::format("{}: the folder cannot be made: {}", path, error ? error.message() : "a file has that name"));
  }
  if (::access(path.c_str(), W_OK) != 0) {
    throw InputError(fmt::format("{}: the folder cannot be written to: {}", path, std::strerror(errno)));
  }
}

FileLock::FileLock(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) throw InputError(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  // A file system without locks is no reason to stop.
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(std::exchange(descriptor_, -1));
  throw InputError(path + ": another aigis is writing there now; wait for it, or choose another --out");
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), EVP_sha256(), nullptr);
}

Sha256::~Sha256() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }

void Sha256::add(const void* data, size_t bytes) { EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), data, bytes); }

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), digest.data(), &size);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

std::string sha256(std::string_view content) {
  Sha256 hash;
  hash.add(content.data(), content.size());
  return hash.hex();
}

std::string sha256_file(const std::string& path) { return sha256(read_file(path)); }

}  // namespace aigis
