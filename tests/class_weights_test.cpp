// Which gates tell classes apart.
#include "lib/metrics/class_weights.h"

#include <gtest/gtest.h>

namespace aigis {
namespace {

TEST(ClassWeights, AreVariancesBetweenClasses) {
  EXPECT_EQ(class_weights({{0, 0.5, 0.25}, {1, 0.5, 0.75}}), (std::vector<double>{0.8, 0, 0.2}));
  EXPECT_EQ(class_weights({{0.5, 1}, {0.5, 1}, {0.5, 1}}), (std::vector<double>{0, 0})) << "no layer tells them apart";
  EXPECT_EQ(class_weights(std::vector<std::vector<double>>(10, {0.7, 0.5})), (std::vector<double>{0, 0}))
      << "a mean of equal rates is rounded";
  EXPECT_EQ(class_weights({{0.5, 1}}), (std::vector<double>{0, 0})) << "one class";
  EXPECT_TRUE(class_weights({}).empty());
}

}  // namespace
}  // namespace aigis
