#include "lib/core/stop.h"

#include <csignal>

#include "lib/core/error.h"

namespace aigis {
namespace {

volatile std::sig_atomic_t requested = 0;

void on_signal(int number) {
  requested = 1;
  std::signal(number, SIG_DFL);
}

}  // namespace

void install_stop_handler() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

bool stop_requested() { return requested != 0; }

void check_stop() {
  if (stop_requested()) throw Interrupted();
}

}  // namespace aigis
