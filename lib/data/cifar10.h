// CIFAR-10 in its official binary layout (Krizhevsky 2009): records of one label byte and 3,072 bytes, planes R, G, B.
#pragma once

#include "lib/data/dataset.h"

namespace aigis {

/// `cifar10:DIR`, `cifar10:DIR,part=held_out`. Reads data_batch_1.bin to data_batch_5.bin for training parts,
/// test_batch.bin for the test part. Throws InputError on a missing file, a size other than 10,000 records, or a label
/// above 9.
Dataset load_cifar10(const Spec& spec, Part asked);

}  // namespace aigis
