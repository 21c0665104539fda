// One residual block for a batch in which each image has its own gate.
#pragma once

#include "models/parts/residual_block.h"

namespace aigis {

/// What becomes of the branch of an image whose gate is closed.
enum class Execution {
  mask,    ///< it is computed and multiplied by 0, as published code does: the arithmetic is saved on paper only
  skip,    ///< it is not computed: images with an open gate are gathered, run and written back. Their number must be
           ///< known for that: a GPU is waited for at every layer
  bucket,  ///< as skip, in a bucket with room for as many images as the layer's execution rate lets expect: nothing
           ///< waits for a GPU, and every shape is known beforehand
};

/// What a layer's branch is multiplied with: by default 1.
struct Factor {
  at::Tensor per_image = {};  ///< [N]; undefined for the same factor for all
  double scale = 1;           ///< for all images; with 0 the branch is not computed
  double rate = -1;           ///< share of images for which per_image is expected to be 1; negative: unknown
};

/// How the blocks of one forward pass run, and whether their buckets were large enough.
struct Running {
  Execution execution = Execution::mask;
  bool training = false;
  at::Tensor overflow = {};  ///< [1] int32 on the device: not 0 if some bucket was too small, and the result is wrong

  /// Waits for the device, if there was any bucket.
  bool has_overflowed() const { return overflow.defined() && overflow.item<int32_t>() != 0; }
};

/// join(shortcut(x) + factor residual(x)). x may be overwritten. Execution::skip and bucket need factors per image that
/// are 0 or 1 and carry no gradient, and frozen statistics; elsewhere the branch is masked. Without a known rate,
/// or kernels for the device, a bucket is a skip.
at::Tensor run_block(const ResidualBlock& block, at::Tensor x, const Factor& factor, Running& running);

/// Room for the images of which a share `rate` is expected to be open: four standard deviations above, in whole steps
/// (lib/ops/rows.h), which a network's layers share; `images` where too little would be left out to pay.
int64_t bucket_room(int64_t images, double rate);

}  // namespace aigis
