// A folder of images in classes that a test may spoil.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "lib/data/imagefolder.h"
#include "tests/messages.h"
#include "tests/pictures.h"

namespace aigis {

/// Three classes of ten pictures, for training and for tests, each another one.
class ImageFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* part : {"train", "val"}) {
      for (int c = 0; c < 3; ++c) {
        for (int i = 0; i < 10; ++i) {
          put(fmt::format("{}/class{}/{}.jpg", part, c, i), jpeg_bytes(picture(16, 16, 10 * c + i + (*part == 'v'))));
        }
      }
    }
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void put(const std::string& name, const std::string& content) {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream((root_ / name).string(), std::ios::binary) << content;
  }
  Dataset load(Part part, int64_t size = 16) {
    return load_imagefolder(Spec::parse(fmt::format("imagefolder:{},size={}", root_.string(), size)), part);
  }
  std::string message(Part part = Part::test) {
    return message_of([&] { load(part); });
  }
  std::string path(const std::string& name) { return (root_ / name).string(); }

  std::filesystem::path root_ =
      std::filesystem::temp_directory_path() / fmt::format("aigis-imagefolder-test-{}", ::getpid());
};

}  // namespace aigis
