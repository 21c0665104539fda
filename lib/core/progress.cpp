#include "lib/core/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace aigis {
namespace {

/// Progress that nobody can read (a full disk, a closed pipe) is no reason to stop: errors are ignored.
void write_to_stderr(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

std::string clock_text(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

Progress::Progress(std::string title, int64_t total, std::string unit, int64_t done)
    : title_(std::move(title)), unit_(std::move(unit)), total_(total), done_(done), begin_(done),
      terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (done_ > begin_ || drawn_ >= 0) draw(true);  // what failed before it began has an error to tell, not progress
}

void Progress::advance(int64_t count, const std::string& note) {
  done_ += count;
  note_ = note;
  draw(false);
}

void Progress::line(const std::string& text) {
  write_to_stderr(fmt::format("{}{}\n", terminal_ ? "\r\033[K" : "", text));
  drawn_ = -1e9;
}

void Progress::draw(bool last) {
  const double elapsed = watch_.seconds();
  // A pipe gets a line every half minute; a terminal ten frames a second.
  const double interval = terminal_ ? 0.1 : 30.0;
  if (!last && elapsed - drawn_ < interval) return;
  if (!terminal_ && !last && drawn_ < 0) {
    drawn_ = elapsed;
    return;
  }
  drawn_ = elapsed;
  const double rate = elapsed > 0 ? static_cast<double>(done_ - begin_) / elapsed : 0;
  const double share = total_ > 0 ? static_cast<double>(done_) / static_cast<double>(total_) : 1;
  const std::string left = rate > 0 && done_ < total_ ? clock_text(static_cast<double>(total_ - done_) / rate) : "0:00";
  const std::string numbers = fmt::format("{}/{} {}  {:.0f} {}/s  {} left", done_, total_, unit_, rate, unit_, left);
  if (terminal_) {
    const int width = 24, filled = static_cast<int>(share * width);
    write_to_stderr(fmt::format("\r\033[K{} [{}{}] {}  {}{}", title_, std::string(filled, '#'),
                                std::string(width - filled, '.'), numbers, note_, last ? "\n" : ""));
  } else {
    write_to_stderr(fmt::format("{}  {}  {}\n", title_, numbers, note_));
  }
}

}  // namespace aigis
