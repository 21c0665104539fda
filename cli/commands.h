// The subcommands: one file each, one line each in main.cpp.
#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace aigis {

/// Declares a command's flags and returns what runs it; that returns the exit code.
using Command = std::function<int()>;

Command train_command(CLI::App& command);

}  // namespace aigis
