// How alike the graphs that images execute are to the average graph of a class.
#pragma once

#include <cstddef>
#include <vector>

#include "lib/eval/tally.h"

namespace aigis {

/// {"before", "after": [K], "before_ci95", "after_ci95": [K] of [low, high], "own", "most": [K]}. An image's likeness
/// to class k is 1 - sum_l w_l |g_l - q_l|, meaned over its draws, with q_l the share of clean passes of class k in
/// which layer l ran and w_l the variance of these shares between classes, 1 in sum. Values before and after are means
/// over the images of the other classes, intervals over these images, with the class's graph taken as given. What they
/// are to be read against: own is the mean over the n clean images of the class itself, by up to 1/n of the distance
/// nearer than other images of the class, since q_l is their average; most is the greatest that any graph can have,
/// with each layer as it mostly is, and less than 1 unless all the class's clean passes run one graph. Null where there
/// are no images of the class or of others, or where no layer tells classes apart.
Json likeness(const ModelCard& card, const PassTally& clean, const PassTally& attacked);

/// The likeness to class `k` of each image of the others, in their order; empty where likeness() is null.
std::vector<double> likeness_to(size_t k, const ModelCard& card, const PassTally& clean, const PassTally& pass);

}  // namespace aigis
