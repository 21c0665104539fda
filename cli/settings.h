// The settings of a command: a JSON config and flags with the same words, where flags win.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "lib/core/options.h"

namespace aigis {

/// Declared on a command line, then resolved once the command line is parsed. A key `time_limit` of a config is the
/// flag `--time-limit`. Values are kept as text and read by those who know their meaning.
class Settings {
 public:
  /// Where relative paths hide in a value of a config file; they are relative to that file.
  enum class Holds { text, path, data_spec, model_spec, access };

  explicit Settings(CommandLine& line) : line_(line) {}

  void one(const std::string& key, const std::string& fallback, const std::string& help, Holds holds = Holds::text);
  /// May be given several times; in a config it is a list or one value. `separator` also splits one value, except
  /// between the options of a model inside an access.
  void many(const std::string& key, const std::vector<std::string>& fallback, const std::string& help,
            Holds holds = Holds::text, char separator = '\0');
  /// A flag for each option of a table.
  void options(OptionTable& table);
  /// Adds the positional CONFIG.
  void config();

  /// Reads the config file, if one was given. Throws InputError on an unknown key or a value of the wrong kind.
  void resolve();

  std::string text(const std::string& key) const;
  /// true or false; InputError for another word.
  bool truth(const std::string& key) const;
  /// A whole number of at least `low`; InputError for anything else.
  int64_t count(const std::string& key, int64_t low) const;
  /// Whether neither flag nor config gave a value.
  bool is_default(const std::string& key) const;
  const std::vector<std::string>& list(const std::string& key) const;
  /// Options of a table that `options` declared, as a spec to assign.
  Spec as_spec() const;

 private:
  struct Setting {
    bool many = false;
    Holds holds = Holds::text;
    char separator = '\0';
    std::vector<std::string> fallback, value;
    bool is_default = true;
  };
  void add(const std::string& key, Setting setting, const std::string& help);
  void read_config(const std::string& path);

  CommandLine& line_;
  std::string config_path_;
  std::map<std::string, Setting> settings_;
  std::vector<std::string> table_keys_;
};

}  // namespace aigis
