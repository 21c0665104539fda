#include "lib/core/stop.h"

#include <atomic>
#include <csignal>

#include "lib/core/error.h"

namespace aigis {
namespace {

// Worker threads read what the signal handler writes, which may use nothing that locks.
std::atomic<bool> requested = false;
static_assert(std::atomic<bool>::is_always_lock_free);

void on_signal(int number) {
  requested = true;
  std::signal(number, SIG_DFL);
}

}  // namespace

void install_stop_handler() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

bool stop_requested() { return requested; }

void check_stop() {
  if (stop_requested()) throw Interrupted();
}

}  // namespace aigis
