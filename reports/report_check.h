// Looks at one value of a report after another and remembers where it is, for the message.
#pragma once

#include <string>

#include "lib/core/json.h"

namespace aigis {

/// Every member throws InputError, which names the report and the JSON pointer of what does not hold.
class ReportCheck {
 public:
  explicit ReportCheck(const std::string& path) : path_(path) {}

  void hold(bool right, const std::string& pointer, const std::string& wrong) const;
  /// An array has as many items as there are of something.
  void size(const Json& array, size_t expected, const std::string& pointer, const std::string& of_what) const;
  /// A value lies in its interval of 95 %.
  void inside(double value, const Json& ci95, const std::string& pointer) const;
  /// A share is that of its successes, in its interval: Wilson's where each image was judged in one draw.
  void proportion(const Json& share, const std::string& pointer, int64_t draws) const;
  /// A whole number is the index of one of so many.
  void index(const Json& number, size_t count, const std::string& pointer, const std::string& of_what) const;

 private:
  const std::string& path_;
};

}  // namespace aigis
