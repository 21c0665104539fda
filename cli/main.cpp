// The program: picks the command and turns what went wrong into one line and an exit code.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <vector>

#include "cli/commands.h"
#include "cli/device.h"
#include "cli/version.h"
#include "lib/core/error.h"
#include "lib/core/stop.h"
#include "lib/core/text.h"

namespace {

constexpr int kFailed = 1, kBadInput = 2, kInterrupted = 130;

struct Entry {
  const char* name;
  const char* summary;
  aigis::Command (*declare)(CLI::App&);
};

const std::vector<Entry> kCommands{
    {"train", "Train one model", aigis::train_command},
    {"sweep", "Attack models over a range of budgets and write a report", aigis::sweep_command},
    {"evaluate", "Attack models at one budget and print a table", aigis::evaluate_command},
    {"plot", "Draw reports and training records", aigis::plot_command},
    {"verify", "Judge saved adversarial images again", aigis::verify_command},
    {"inspect", "Show what a checkpoint is and how often its layers run", aigis::inspect_command},
    {"list", "Show which models, attacks, defenses and data sets exist", aigis::list_command},
    {"bench", "Measure the speed of attacks and of training against their floors", aigis::bench_command},
};

/// LibTorch's messages carry a stack; the first line says what happened.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// CLI11 would only say that a subcommand is required.
void check_command(int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  std::vector<std::string> names;
  for (const Entry& entry : kCommands) names.emplace_back(entry.name);
  if (std::find(names.begin(), names.end(), argv[1]) == names.end()) {
    throw aigis::InputError(aigis::unknown_name("command", argv[1], names));
  }
}

}  // namespace

int main(int argc, char** argv) {
  aigis::remember_command_line(argc, argv);
  aigis::install_stop_handler();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit is reported like a full disk
  CLI::App app{"aigis: adversarial robustness of ResNets and of networks with adaptive inference graphs", "aigis"};
  app.set_version_flag("--version", fmt::format("aigis {} ({})", aigis::kVersion, aigis::kCommit));
  app.require_subcommand(1);
  aigis::Command chosen;
  for (const Entry& entry : kCommands) {
    CLI::App* command = app.add_subcommand(entry.name, entry.summary);
    const aigis::Command run = entry.declare(*command);
    command->callback([&chosen, run] { chosen = run; });
  }
  try {
    check_command(argc, argv);
    app.parse(argc, argv);
    return chosen();
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForAllHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "aigis: {} (see 'aigis --help')\n", first_line(error.what()));
    return kBadInput;
  } catch (const aigis::InputError& error) {
    fmt::print(stderr, "aigis: {}\n", error.what());
    return kBadInput;
  } catch (const aigis::Interrupted&) {
    fmt::print(stderr, "aigis: interrupted; what was done is kept\n");
    return kInterrupted;
  } catch (const std::exception& error) {
    fmt::print(stderr, "aigis: {}\n", first_line(error.what()));
    return kFailed;
  }
}
