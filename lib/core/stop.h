// Ctrl-C: asks running loops to end at their next safe point.
#pragma once

namespace aigis {

/// Installs the handler for SIGINT and SIGTERM; a second signal ends the process at once.
void install_stop_handler();
bool stop_requested();
/// Throws Interrupted if a stop was requested. Called between steps, where all that is done is kept.
void check_stop();

}  // namespace aigis
