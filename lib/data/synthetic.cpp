#include "lib/data/synthetic.h"

#include <ATen/Parallel.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "lib/core/error.h"
#include "lib/core/philox.h"

namespace aigis {
namespace {

constexpr int64_t kSide = 32;
constexpr int64_t kClasses = 10;

/// Uniform numbers of one image, in the order in which they are asked for.
class Draws {
 public:
  Draws(PhiloxKey key, uint64_t image) : key_(key), image_(image) {}
  double uniform(double low, double high) {
    return low + (high - low) * open_uniform(draw_word(key_, image_, 0, next_++));
  }

 private:
  PhiloxKey key_;
  uint64_t image_;
  uint32_t next_ = 0;
};

/// Signed distance of (x, y) to the outline of each class's shape at scale 1; negative inside.
double distance(int64_t shape, double x, double y) {
  const double r = std::hypot(x, y), ax = std::abs(x), ay = std::abs(y);
  const double angle = std::atan2(y, x);
  switch (shape) {
    case 0: return r - 0.9;                                                      // disc
    case 1: return std::abs(r - 0.7) - 0.22;                                     // ring
    case 2: return std::max(ax, ay) - 0.78;                                      // square
    case 3: return std::abs(std::max(ax, ay) - 0.62) - 0.2;                      // frame
    case 4: return std::max(0.87 * ax + 0.5 * y, -y) - 0.5;                      // triangle
    case 5: return std::max(std::min(ax, ay) - 0.28, std::max(ax, ay) - 0.9);    // cross
    case 6: return r - 0.68 - 0.28 * std::cos(5 * angle);                        // five-lobed flower
    case 7: return std::max(std::abs(ay - 0.45) - 0.22, ax - 0.85);              // two bars
    case 8: return std::max(r - 0.9, 0.55 - std::hypot(x - 0.5, y));             // crescent
    default: return std::max(std::max(ax, ay) - 0.85, 0.3 - std::abs(ax - ay));  // four wedges
  }
}

void paint(int64_t shape, Draws& draw, uint8_t* pixels) {
  // Ground and shape have colours of their own, sometimes close to each other.
  std::array<double, 3> ground{}, tint{};
  for (int c = 0; c < 3; ++c) ground[c] = draw.uniform(0.15, 0.85);
  for (int c = 0; c < 3; ++c) {
    tint[c] = std::clamp(ground[c] + (draw.uniform(0, 1) < 0.5 ? -1 : 1) * draw.uniform(0.08, 0.48), 0.0, 1.0);
  }
  const double centre_x = draw.uniform(12.5, 19.5), centre_y = draw.uniform(12.5, 19.5);
  const double scale = draw.uniform(7.5, 13), turn = draw.uniform(-0.3, 0.3);
  const double wave_x = draw.uniform(-0.9, 0.9), wave_y = draw.uniform(-0.9, 0.9), phase = draw.uniform(0, 6.283);
  const double wave = draw.uniform(0.02, 0.12), noise = draw.uniform(0.02, 0.12);
  // A bar of ground colour may hide a part of the shape.
  const double bar_angle = draw.uniform(0, std::numbers::pi), bar_offset = draw.uniform(-6, 6);
  const double bar_width = draw.uniform(0, 2.5);
  for (int64_t row = 0; row < kSide; ++row) {
    for (int64_t column = 0; column < kSide; ++column) {
      const double dx = static_cast<double>(column) - centre_x, dy = static_cast<double>(row) - centre_y;
      const double x = (std::cos(turn) * dx + std::sin(turn) * dy) / scale;
      const double y = (std::cos(turn) * dy - std::sin(turn) * dx) / scale;
      double cover = std::clamp(0.5 - distance(shape, x, y) * scale, 0.0, 1.0);
      if (std::abs(std::cos(bar_angle) * dx + std::sin(bar_angle) * dy - bar_offset) < bar_width) cover = 0;
      const double texture =
          wave * std::sin(wave_x * static_cast<double>(column) + wave_y * static_cast<double>(row) + phase);
      for (int64_t c = 0; c < 3; ++c) {
        const double value = ground[c] + cover * (tint[c] - ground[c]) + texture + draw.uniform(-noise, noise);
        pixels[(c * kSide + row) * kSide + column] =
            static_cast<uint8_t>(std::lround(255 * std::clamp(value, 0.0, 1.0)));
      }
    }
  }
}

/// Paints the images that `data` names by its ids.
void paint_images(Dataset& data, int64_t seed) {
  // Training and test images come from different streams.
  const PhiloxKey key =
      Stream{static_cast<uint64_t>(seed), Purpose::synthetic, data.part == Part::test ? 1u : 0u}.key();
  data.images = at::empty({data.size(), 3, kSide, kSide}, at::TensorOptions(at::kByte));
  auto* pixels = data.images.mutable_data_ptr<uint8_t>();
  const auto* ids = data.ids.const_data_ptr<int64_t>();
  const auto* labels = data.labels.const_data_ptr<int64_t>();
  at::parallel_for(0, data.size(), 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      Draws draw(key, static_cast<uint64_t>(ids[i]));
      paint(labels[i], draw, pixels + i * 3 * kSide * kSide);
    }
  });
}

}  // namespace

void SyntheticOptions::bind(OptionTable& table) {
  DatasetOptions::bind(table);
  table.integer("seed", &seed, 0, 1'000'000, "which world of images");
  table.integer("train", &train, 10, 1'000'000, "images of the training part, a tenth of them held out");
  table.integer("test", &test, 1, 1'000'000, "images of the test part");
}

Dataset load_synthetic(const Spec& spec, Part asked) {
  if (!spec.path.empty()) throw InputError("data 'synthetic' takes no path, got '" + spec.path + "'");
  const auto options = read_options<SyntheticOptions>(spec, "data 'synthetic'");
  const Part part = options.part(asked);
  const int64_t count = part == Part::test ? options.test : options.train;
  Dataset data;
  data.name = "synthetic";
  data.part = part;
  data.classes = {"disc", "ring", "square", "frame", "triangle", "cross", "flower", "bars", "crescent", "wedges"};
  data.ids = at::arange(count, at::TensorOptions(at::kLong));
  data.labels = data.ids.remainder(kClasses);
  data.images = at::empty({count, 0}, at::TensorOptions(at::kByte));
  // Divided before painting, so that only the wanted part takes time and memory.
  if (part != Part::test) data = divide(data, part);
  paint_images(data, options.seed);
  return data;
}

}  // namespace aigis
