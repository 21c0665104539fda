// What errors tell a user.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "lib/core/error.h"

namespace aigis {

/// The message of the InputError that `act` throws, which must be one line; "no error" if it throws none.
inline std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
  return "no error";
}

inline void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text << " does not contain " << part;
}

}  // namespace aigis
