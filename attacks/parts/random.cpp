#include "attacks/parts/random.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "lib/core/upload.h"

namespace aigis {
namespace {

/// [N, elements] float64 on the CPU, filled four at a time: fill(words, out) makes four numbers of four words.
template <class Fill>
at::Tensor filled(const at::Tensor& image_ids, int64_t elements, const Stream& stream, Use use, const Fill& fill) {
  const PhiloxKey key = stream.key();
  const at::Tensor ids = image_ids.contiguous();
  const int64_t* id = ids.const_data_ptr<int64_t>();
  at::Tensor numbers = at::empty({ids.size(0), elements}, at::TensorOptions(at::kDouble));
  double* out = numbers.mutable_data_ptr<double>();
  at::parallel_for(0, ids.size(0), 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t e = 0; e < elements; e += 4) {
        std::array<double, 4> four;
        fill(draw_block(key, static_cast<uint64_t>(id[i]), static_cast<uint32_t>(use), static_cast<uint32_t>(e / 4)),
             four);
        std::copy_n(four.begin(), std::min<int64_t>(4, elements - e), out + i * elements + e);
      }
    }
  });
  return numbers;
}

int64_t elements_of(const at::Tensor& like) { return like.size(0) == 0 ? 0 : like.numel() / like.size(0); }

at::Tensor as(const at::Tensor& numbers, const at::Tensor& like) {
  return uploaded(numbers.view(like.sizes()), like.device(), like.scalar_type());
}

at::Tensor normal_numbers(const at::Tensor& ids, int64_t elements, const Stream& stream, Use use) {
  return filled(ids, elements, stream, use, [](const PhiloxBlock& words, std::array<double, 4>& out) {
    for (size_t pair = 0; pair < 4; pair += 2) {
      const double radius = std::sqrt(-2 * std::log(open_uniform(words[pair])));
      const double angle = 2 * std::numbers::pi * open_uniform(words[pair + 1]);
      out[pair] = radius * std::cos(angle);
      out[pair + 1] = radius * std::sin(angle);
    }
  });
}

}  // namespace

at::Tensor uniform_numbers(const at::Tensor& ids, int64_t count, const Stream& stream, Use use) {
  return filled(ids, count, stream, use, [](const PhiloxBlock& words, std::array<double, 4>& out) {
    for (size_t k = 0; k < 4; ++k) out[k] = open_uniform(words[k]);
  });
}

at::Tensor uniform_noise(const at::Tensor& like, const at::Tensor& ids, const Stream& stream, Use use) {
  return as(uniform_numbers(ids, elements_of(like), stream, use) * 2 - 1, like);
}

at::Tensor normal_noise(const at::Tensor& like, const at::Tensor& ids, const Stream& stream, Use use) {
  return as(normal_numbers(ids, elements_of(like), stream, use), like);
}

at::Tensor ball_noise(const at::Tensor& like, const at::Tensor& ids, const Stream& stream, Norm norm, Use use) {
  if (norm == Norm::linf || like.numel() == 0) return uniform_noise(like, ids, stream, use);
  const int64_t elements = elements_of(like);
  if (norm == Norm::l2) {
    const at::Tensor direction = normal_numbers(ids, elements, stream, use);
    // The restart is no attack's, so that the radius is independent of the direction.
    Stream of_radius = stream;
    of_radius.restart = ~stream.restart;
    const at::Tensor radius = uniform_numbers(ids, 1, of_radius, use).pow(1.0 / static_cast<double>(elements));
    return as(direction * (radius / direction.norm(2, at::IntArrayRef{1}, /*keepdim=*/true)), like);
  }
  // A word gives an exponential variable and, by its lowest bit, a sign. There is one more than pixels: it decides the
  // radius.
  const at::Tensor signed_exponentials =
      filled(ids, elements + 1, stream, use, [](const PhiloxBlock& words, std::array<double, 4>& out) {
        for (size_t k = 0; k < 4; ++k) out[k] = -std::log(open_uniform(words[k])) * ((words[k] & 1) != 0 ? 1 : -1);
      });
  const at::Tensor sum = signed_exponentials.abs().sum(1, /*keepdim=*/true);
  return as((signed_exponentials.slice(1, 0, elements) / sum).contiguous(), like);
}

at::Tensor corner_noise(const at::Tensor& like, const at::Tensor& ids, const Stream& stream, Norm norm, Use use) {
  return normal_noise(like, ids, stream, use).sign() / largest_size(norm, elements_of(like));
}

}  // namespace aigis
