#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "lib/core/error.h"
#include "lib/core/text.h"

namespace aigis {

void CommandLine::text(const std::string& name, std::string& value, const std::string& help, bool required) {
  app_.add_option(name, value, help)
      ->capture_default_str()
      ->required(required)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void CommandLine::number(const std::string& name, int64_t& value, const std::string& help) {
  // CLI11's own reading takes octal and hexadecimal digits, and clamps what is too large.
  const auto read = [name, &value](const std::string& text) { value = parse_integer(text, name); };
  app_.add_option_function<std::string>(name, read, help)->type_name("INT")->default_str(std::to_string(value));
}

void CommandLine::texts(const std::string& name, std::vector<std::string>& values, const std::string& help,
                        bool required, const std::string& shown) {
  CLI::Option* option = app_.add_option(name, values, help)->required(required);
  if (name.starts_with("--")) option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  if (!shown.empty()) option->default_str(shown);
}

void CommandLine::flag(const std::string& name, bool& value, const std::string& help) {
  app_.add_flag(name, value, help);
}

void CommandLine::example(const std::string& text) { app_.footer("Example:\n  " + text); }

namespace {

/// CLI11's words, or a suggestion if what it did not expect is a flag.
std::string unknown_flag(const CLI::App& app, const std::string& words) {
  const CLI::App* command = app.get_subcommands().empty() ? &app : app.get_subcommands().front();
  const std::vector<std::string> extras = app.remaining(true);
  const auto flag = std::find_if(extras.begin(), extras.end(), [](const auto& e) { return e.starts_with("--"); });
  if (flag == extras.end()) return fmt::format("{} (see 'aigis {} --help')", words, command->get_name());
  std::vector<std::string> known;
  for (const CLI::Option* option : command->get_options()) {
    if (option->get_name().starts_with("--")) known.push_back(option->get_name());
  }
  return unknown_name("flag of 'aigis " + command->get_name() + "'", flag->substr(0, flag->find('=')), known);
}

}  // namespace

int run_command_line(const std::vector<CommandEntry>& commands, int argc, char** argv, const std::string& version) {
  CLI::App app{"aigis: adversarial robustness of ResNets and of networks with adaptive inference graphs", "aigis"};
  app.set_version_flag("--version", version);
  app.require_subcommand(1);
  Command chosen;
  std::vector<std::string> names;
  std::vector<std::unique_ptr<CommandLine>> lines;
  for (const CommandEntry& entry : commands) {
    CLI::App* command = app.add_subcommand(entry.name, entry.summary);
    lines.push_back(std::make_unique<CommandLine>(*command));
    command->callback([&chosen, run = entry.declare(*lines.back())] { chosen = run; });
    names.emplace_back(entry.name);
  }
  // CLI11 would only say that a subcommand is required.
  if (argc > 1 && argv[1][0] != '-' && std::find(names.begin(), names.end(), argv[1]) == names.end()) {
    throw InputError(unknown_name("command", argv[1], names));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& call) {
    return app.exit(call);
  } catch (const CLI::ExtrasError& error) {
    throw InputError(unknown_flag(app, error.what()));
  } catch (const CLI::ParseError& error) {
    const std::string message = error.what();
    throw InputError(message.substr(0, message.find('\n')) + " (see 'aigis --help')");
  }
  return chosen();
}

}  // namespace aigis
