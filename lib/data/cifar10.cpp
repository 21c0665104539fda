#include "lib/data/cifar10.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <cstring>

#include "lib/core/error.h"
#include "lib/core/files.h"

namespace aigis {
namespace {

constexpr int64_t kPixels = 3 * 32 * 32;
constexpr int64_t kRecord = 1 + kPixels;
constexpr int64_t kRecords = 10'000;

/// Appends one file's records at `begin`.
void read_records(const std::string& path, Dataset& data, int64_t begin) {
  const std::string bytes = read_file(path);
  if (static_cast<int64_t>(bytes.size()) != kRecords * kRecord) {
    throw InputError(fmt::format("{}: {} bytes; expected {} (10,000 records of CIFAR-10's binary version)", path,
                                 bytes.size(), kRecords * kRecord));
  }
  auto* pixels = data.images.mutable_data_ptr<uint8_t>() + begin * kPixels;
  auto* labels = data.labels.mutable_data_ptr<int64_t>() + begin;
  for (int64_t i = 0; i < kRecords; ++i) {
    const char* record = bytes.data() + i * kRecord;
    labels[i] = static_cast<uint8_t>(record[0]);
    if (labels[i] > 9) {
      throw InputError(fmt::format("{}: record {} has label {}; expected 0 to 9", path, i, labels[i]));
    }
    std::memcpy(pixels + i * kPixels, record + 1, kPixels);
  }
}

}  // namespace

Dataset load_cifar10(const Spec& spec, Part asked) {
  if (spec.path.empty()) {
    throw InputError(
        "data 'cifar10' needs a folder: cifar10:DIR, with data_batch_1.bin … data_batch_5.bin and test_batch.bin");
  }
  const Part part = read_options<DatasetOptions>(spec, "data 'cifar10'").part(asked);
  std::vector<std::string> files{"test_batch.bin"};
  if (part != Part::test) {
    files = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"};
  }
  const int64_t count = static_cast<int64_t>(files.size()) * kRecords;
  Dataset data;
  data.name = "cifar10";
  data.part = part;
  data.classes = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
  data.images = at::empty({count, 3, 32, 32}, at::TensorOptions(at::kByte));
  data.labels = at::empty({count}, at::TensorOptions(at::kLong));
  data.ids = at::arange(count, at::TensorOptions(at::kLong));
  for (size_t i = 0; i < files.size(); ++i) {
    read_records(spec.path + "/" + files[i], data, static_cast<int64_t>(i) * kRecords);
  }
  return part == Part::test ? data : divide(data, part);
}

}  // namespace aigis
