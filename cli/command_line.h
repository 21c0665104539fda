// The command line, parsed by CLI11. Its headers take 20 s to compile, so only command_line.cpp includes them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace aigis {

/// The flags of one subcommand. Names start with "--"; others are positional. What a reference holds when it is
/// declared is its default, shown by --help.
class CommandLine {
 public:
  explicit CommandLine(CLI::App& app) : app_(app) {}

  void text(const std::string& name, std::string& value, const std::string& help, bool required = false);
  void number(const std::string& name, int64_t& value, const std::string& help);
  /// May be given several times. `shown` is printed by --help as the default.
  void texts(const std::string& name, std::vector<std::string>& values, const std::string& help, bool required = false,
             const std::string& shown = "");
  void flag(const std::string& name, bool& value, const std::string& help);
  /// Printed below the flags by --help.
  void example(const std::string& text);

 private:
  CLI::App& app_;
};

/// Declares a command's flags and returns what runs it; that returns the exit code.
using Command = std::function<int()>;

struct CommandEntry {
  const char* name;
  const char* summary;
  Command (*declare)(CommandLine&);
};

/// Parses and runs. Help and version are printed and return 0; a wrong command line throws InputError.
int run_command_line(const std::vector<CommandEntry>& commands, int argc, char** argv, const std::string& version);

}  // namespace aigis
