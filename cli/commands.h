// The subcommands: one file each, one line each in main.cpp.
#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace aigis {

/// Declares a command's flags and returns what runs it; that returns the exit code.
using Command = std::function<int()>;

Command train_command(CLI::App& command);
Command sweep_command(CLI::App& command);
Command evaluate_command(CLI::App& command);
Command plot_command(CLI::App& command);
Command verify_command(CLI::App& command);
Command inspect_command(CLI::App& command);
Command list_command(CLI::App& command);
Command bench_command(CLI::App& command);

}  // namespace aigis
