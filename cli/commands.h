// The subcommands: one file each, one line each in main.cpp.
#pragma once

#include "cli/command_line.h"

namespace aigis {

Command train_command(CommandLine& line);
Command sweep_command(CommandLine& line);
Command evaluate_command(CommandLine& line);
Command plot_command(CommandLine& line);
Command verify_command(CommandLine& line);
Command inspect_command(CommandLine& line);
Command export_command(CommandLine& line);
Command list_command(CommandLine& line);
Command bench_command(CommandLine& line);

}  // namespace aigis
