// Progress: a bar that redraws itself on a terminal, plain lines now and then in a pipe.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace aigis {

/// Seconds since construction, by a clock that never steps back.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// "1:05" or "2:03:04".
std::string clock_text(double seconds);

/// Written to stderr, so that stdout holds results only.
class Progress {
 public:
  /// `total` counts `unit`s ("images", "steps"). `done` may start above 0 when a run is resumed.
  Progress(std::string title, int64_t total, std::string unit, int64_t done = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(int64_t count, const std::string& note = "");
  /// Prints a line above the bar.
  void line(const std::string& text);

 private:
  void draw(bool last);

  std::string title_, unit_, note_;
  int64_t total_, done_, begin_;
  bool terminal_;
  Stopwatch watch_;
  double drawn_ = -1e9;
};

}  // namespace aigis
