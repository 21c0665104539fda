// Every way in which a folder of images can be wrong.
#include <filesystem>

#include "lib/core/files.h"
#include "tests/image_folder.h"

namespace aigis {
namespace {

namespace fs = std::filesystem;

TEST_F(ImageFolder, BrokenFilesAreNamed) {
  const std::string name = path("val/class2/5.jpg"), good = read_file(name);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {good.substr(0, good.size() / 2), ": broken JPEG file: "},
      {"a text file", ": is no image; expected a JPEG or PNG file"},
      {"", ": is empty; expected a JPEG or PNG file"},
  };
  for (const auto& [content, reason] : cases) {
    put("val/class2/5.jpg", content);
    expect_contains(message(), name + reason);
    EXPECT_EQ(load(Part::train).size(), 27);  // another part's files are not read
  }
  put("val/class2/5.jpg", good);
  put("val/class0/x.gif", "GIF89a");
  expect_contains(message(), path("val/class0/x.gif") + ": .gif files are not read; expected .jpg, .jpeg, .png");
}

TEST_F(ImageFolder, WrongFoldersAreNamed) {
  fs::create_directories(root_ / "val/class3");
  expect_contains(message(), path("val/class3") + ": a class without images");
  put("val/class3/a.jpg", jpeg_bytes(picture(16, 16, 0)));
  expect_contains(message(), path("train") + ": class folder 'class3' of " + path("val") + " is missing");
  fs::remove_all(root_ / "val/class3");
  fs::remove_all(root_ / "val/class1");
  expect_contains(message(), path("val") + ": class folder 'class1' of " + path("train") + " is missing");
  fs::remove_all(root_ / "val");
  expect_contains(message(), path("val") + ": no such folder");
  fs::create_directories(root_ / "val");
  expect_contains(message(), path("val") + ": has no folders");
  fs::remove_all(root_);
  expect_contains(message(), path("train") + ": no such folder");
  put("train", "a file");
  expect_contains(message(), path("train") + ": cannot be listed: Not a directory");
}

TEST_F(ImageFolder, WrongOptionsAreErrors) {
  for (const std::string& text :
       {std::string("imagefolder"), "imagefolder:" + root_.string() + ",size=7",
        "imagefolder:" + root_.string() + ",size=1025", "imagefolder:" + root_.string() + ",size=16,resize=15",
        "imagefolder:" + root_.string() + ",sise=32"}) {
    EXPECT_THROW(load_imagefolder(Spec::parse(text), Part::test), InputError) << text;
  }
}

}  // namespace
}  // namespace aigis
