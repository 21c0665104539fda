// The program: the list of commands, and what went wrong as one line and an exit code.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>

#include "cli/commands.h"
#include "cli/device.h"
#include "lib/core/error.h"
#include "lib/core/stop.h"
#include "lib/core/text.h"

namespace {

constexpr int kFailed = 1, kBadInput = 2, kInterrupted = 130;

const std::vector<aigis::CommandEntry> kCommands{
    {"train", "Train one model", aigis::train_command},
    {"sweep", "Attack models over a range of budgets and write a report", aigis::sweep_command},
    {"evaluate", "Attack models at one budget and print a table", aigis::evaluate_command},
    {"plot", "Draw reports and training records", aigis::plot_command},
    {"verify", "Check that a report is as written, and judge its saved images again", aigis::verify_command},
    {"inspect", "Show what a checkpoint is and how often its layers run", aigis::inspect_command},
    {"export", "Write a checkpoint as TorchScript, or with smaller weights", aigis::export_command},
    {"list", "Show which models, attacks, defenses, data sets and checks exist", aigis::list_command},
    {"bench", "Measure the speed of attacks, inference and training, and what closed gates save", aigis::bench_command},
};

int fail(const std::string& message, int code) {
  const std::string line = fmt::format("aigis: {}\n", message);
  std::fwrite(line.data(), 1, line.size(), stderr);  // unlike fmt::print, does not throw where nobody can read it
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  aigis::install_stop_handler();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit is reported like a full disk
  try {
    for (int i = 1; i < argc; ++i) {
      if (!aigis::is_utf8(argv[i])) {
        throw aigis::InputError(fmt::format("argument {} is not UTF-8 text; no report could name it", i));
      }
    }
    aigis::remember_command_line(argc, argv);
    const int code = aigis::run_command_line(kCommands, argc, argv, aigis::version_text());
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      throw aigis::RunError("standard output cannot be written");
    }
    return code;
  } catch (const aigis::InputError& error) {
    return fail(aigis::one_line(error), kBadInput);
  } catch (const aigis::Interrupted&) {
    return fail("interrupted; a sweep, an evaluation with --out and a training go on where they were", kInterrupted);
  } catch (const std::exception& error) {
    return fail(aigis::one_line(error), kFailed);
  }
}
