// Augmentation by operations on whole batches, for images that lie on a GPU.
#pragma once

#include "lib/data/augment.h"

namespace aigis {

/// What `augmented` gives, to the last bit, on the device of the images: pixels are found and weighed in whole numbers,
/// and only the last product is rounded. Random numbers are drawn on the CPU, and the call does not wait for the
/// device.
Batch augmented_by_gather(const Dataset& data, const at::Tensor& positions, const Stream& stream,
                          const Augmentation& kinds);

}  // namespace aigis
