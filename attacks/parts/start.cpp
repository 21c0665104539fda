#include "attacks/parts/start.h"

#include <ATen/ops/add.h>

#include "attacks/parts/random.h"

namespace aigis {

at::Tensor start_of(const AscentOptions& options, const at::Tensor& clean, const at::Tensor& ids, const Stream& stream,
                    Norm norm, double epsilon) {
  if (options.start == Start::clean || options.start_size == 0) return clean;
  at::Tensor noise = options.start == Start::uniform ? ball_noise(clean, ids, stream, norm, Use::start)
                                                     : corner_noise(clean, ids, stream, norm, Use::start);
  if (options.band.active()) {
    const at::Tensor size = sizes_of(noise, norm).to(noise.scalar_type());
    noise = low_direction(noise, norm, options.band) * per_image(size, noise);
  }
  return within(clean, at::add(clean, noise, epsilon * options.start_size), norm, epsilon);
}

}  // namespace aigis
