#include "lib/ops/safetensors.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "lib/core/error.h"
#include "lib/core/files.h"

namespace aigis {
namespace {

// A header larger than this is refused, as the format's own implementation does.
constexpr uint64_t kLargestHeader = 100'000'000;

const std::vector<std::pair<std::string, at::ScalarType>>& types() {
  static const std::vector<std::pair<std::string, at::ScalarType>> list{
      {"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf}, {"BF16", at::kBFloat16},
      {"I64", at::kLong},   {"I32", at::kInt},   {"U8", at::kByte},  {"BOOL", at::kBool}};
  return list;
}

struct Placed {
  std::string name;
  uint64_t begin, end;
};

}  // namespace

Safetensors parse_safetensors(const std::string& bytes, const std::string& path) {
  const auto refuse = [&](const std::string& reason) -> void {
    throw InputError(fmt::format("{}: not a usable safetensors file: {}", path, reason));
  };
  if (bytes.size() < 8) refuse("it is shorter than the 8 bytes of its header's length");
  uint64_t header_size = 0;
  std::memcpy(&header_size, bytes.data(), 8);
  if (header_size > kLargestHeader) refuse("the header's length is implausible");
  if (header_size > bytes.size() - 8) refuse("it is cut off inside the header");
  const Json header = parse_json(std::string_view(bytes).substr(8, header_size), path + ": its header");
  if (!header.is_object()) refuse("the header is not a JSON object");

  const uint64_t data_size = bytes.size() - 8 - header_size;
  const char* data = bytes.data() + 8 + header_size;
  Safetensors content;
  std::vector<Placed> placed;
  for (const auto& [name, info] : header.items()) {
    if (name == "__metadata__") {
      if (!info.is_object()) refuse("__metadata__ is not an object");
      for (const auto& [key, value] : info.items()) {
        if (!value.is_string()) refuse(fmt::format("metadata '{}' is not a string", key));
        content.metadata[key] = value.get<std::string>();
      }
      continue;
    }
    std::string type_name;
    std::vector<int64_t> shape;
    std::vector<uint64_t> offsets;
    try {
      type_name = info.at("dtype").get<std::string>();
      for (const auto& size : info.at("shape")) {
        if (!size.is_number_unsigned() || size.get<uint64_t>() > (uint64_t{1} << 40)) throw InputError("size");
        shape.push_back(size.get<int64_t>());
      }
      for (const auto& offset : info.at("data_offsets")) {
        if (!offset.is_number_unsigned()) throw InputError("offset");
        offsets.push_back(offset.get<uint64_t>());
      }
    } catch (const std::exception&) {
      refuse(fmt::format("tensor '{}' needs dtype, shape and data_offsets of whole numbers", name));
    }
    const auto type = std::find_if(types().begin(), types().end(), [&](const auto& t) { return t.first == type_name; });
    if (type == types().end()) refuse(fmt::format("tensor '{}' has the unknown type {}", name, type_name));
    if (offsets.size() != 2 || offsets[0] > offsets[1]) refuse(fmt::format("tensor '{}' has bad offsets", name));
    if (offsets[1] > data_size) {
      refuse(fmt::format("it is cut off: tensor '{}' ends at byte {} of {}", name, offsets[1], data_size));
    }
    uint64_t bytes_wanted = c10::elementSize(type->second);
    for (const int64_t size : shape) {
      if (size != 0 && bytes_wanted > data_size / static_cast<uint64_t>(size) && bytes_wanted != 0) {
        refuse(fmt::format("tensor '{}' has a shape larger than the file", name));
      }
      bytes_wanted *= static_cast<uint64_t>(size);
    }
    if (bytes_wanted != offsets[1] - offsets[0]) {
      refuse(fmt::format("tensor '{}' has {} bytes where its shape asks for {}", name, offsets[1] - offsets[0],
                         bytes_wanted));
    }
    at::Tensor tensor = at::empty(shape, at::TensorOptions(type->second));
    if (bytes_wanted > 0) std::memcpy(tensor.mutable_data_ptr(), data + offsets[0], bytes_wanted);
    content.tensors[name] = tensor;
    placed.push_back({name, offsets[0], offsets[1]});
  }
  std::sort(placed.begin(), placed.end(),
            [](const Placed& a, const Placed& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  uint64_t reached = 0;
  for (const Placed& p : placed) {
    if (p.begin != reached) refuse(fmt::format("tensor '{}' leaves a gap or overlaps another", p.name));
    reached = p.end;
  }
  if (reached != data_size) refuse(fmt::format("{} bytes are left over at its end", data_size - reached));
  return content;
}

Safetensors read_safetensors(const std::string& path) { return parse_safetensors(read_file(path), path); }

std::string format_safetensors(const Safetensors& content) {
  Json header = Json::object();
  if (!content.metadata.empty()) {
    for (const auto& [key, value] : content.metadata) header["__metadata__"][key] = value;
  }
  std::string data;
  for (const auto& [name, given] : content.tensors) {
    const at::Tensor tensor = given.detach().to(at::kCPU).contiguous();
    const auto type =
        std::find_if(types().begin(), types().end(), [&](const auto& t) { return t.second == tensor.scalar_type(); });
    if (type == types().end()) throw RunError(fmt::format("tensor '{}' has a type that safetensors lacks", name));
    const size_t begin = data.size();
    data.append(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes());
    header[name] = {{"dtype", type->first}, {"shape", tensor.sizes().vec()}, {"data_offsets", {begin, data.size()}}};
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // the data starts at a multiple of 8 bytes
  const uint64_t size = text.size();
  std::string bytes(reinterpret_cast<const char*>(&size), 8);
  return bytes + text + data;
}

void write_safetensors(const std::string& path, const Safetensors& content) {
  write_file(path, format_safetensors(content));
}

}  // namespace aigis
