// The three ways in which a command ends early, and the exit code of each.
#pragma once

#include <stdexcept>
#include <string>

namespace aigis {

/// What the user gave is wrong: a flag, a config, a file. Nothing was written. Exit code 2.
/// The message is one line: what is wrong, where, and what would be right.
class InputError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The run failed half-way (disk full, a damaged image found late). What was done is kept. Exit code 1.
class RunError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The user pressed Ctrl-C. What was done is kept. Exit code 130.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

}  // namespace aigis
