// Files that are never half-written, and their hashes.
#include "lib/core/files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "lib/core/error.h"
#include "tests/messages.h"
#include "tests/scratch.h"

namespace aigis {
namespace {

class Files : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_ = scratch("files");
};

TEST_F(Files, HashIsSha256) {
  // FIPS 180-2, appendix B.1
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(Files, AFailedWriteKeepsTheOldContent) {
  const std::string path = folder_ + "/a.txt";
  write_file(path, "old");
  // A limit on file sizes stands in for a full disk: both make write() fail half-way.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit tight{1000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &tight);
  EXPECT_THROW(write_file(path, std::string(5000, 'x')), RunError);
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "a temporary file is left";
}

TEST_F(Files, UnwritablePathsAreNamed) {
  EXPECT_NE(message_of([&] { check_writable(folder_); }).find("is a folder"), std::string::npos);
  EXPECT_NE(message_of([&] { check_writable("/proc/aigis/x.json"); }).find("/proc/aigis"), std::string::npos);
  write_file(folder_ + "/file", "");
  EXPECT_THROW(make_folder(folder_ + "/file"), InputError);
}

}  // namespace
}  // namespace aigis
