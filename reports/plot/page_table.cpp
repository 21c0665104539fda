#include "reports/plot/page_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "lib/core/text.h"
#include "reports/aim.h"
#include "reports/flags.h"
#include "reports/latency.h"
#include "reports/plot/scrolled.h"
#include "reports/plot/svg.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

/// Columns to which a flag can belong.
enum class Column { clean, robust, quantized, flipped, macs };

/// The column of what an attack is measured by.
Column aimed_at(const Json& attack) {
  if (at(attack, {"aim"}) == aim_name(Aim::graph)) return Column::flipped;
  return wants_wrong_answer(attack) ? Column::robust : Column::macs;
}

/// The column whose numbers a run's flag speaks of; most speak of the robust accuracy.
Column column_of(const std::string& check, const Json& run) {
  if (check.starts_with("clean-accuracy")) return Column::clean;
  if (check == "rounding") return Column::quantized;
  if (check == "noise-as-strong" || check == "grows-with-budget") return aimed_at(at(run, {"attack"}));
  return Column::robust;
}

struct Note {
  std::string level, check, message, numbers;  ///< of the first run that has it
  size_t runs = 0;
};

/// Notes in order of appearance; the same remark on many runs, but for its numbers, is one note.
class Notes {
 public:
  /// The marks of a run's flags in one column.
  std::string marks(const Json& run, Column column) const {
    std::string marks;
    for (const auto& flag : at(run, {"flags"})) {
      if (column_of(text_at(flag, {"check"}), run) != column) continue;
      const auto number = numbers_.at(kind_of_flag(flag));
      marks +=
          fmt::format("<sup><a class=\"{}\" href=\"#note-{}\" aria-label=\"{} {}: {}\">{}</a></sup>", level_class(flag),
                      number, escape(text_at(flag, {"level"})), number, escape(text_at(flag, {"check"})), number);
    }
    return marks;
  }
  void add(const Json& run) {
    for (const auto& flag : at(run, {"flags"})) {
      const auto [place, added] = numbers_.emplace(kind_of_flag(flag), notes_.size() + 1);
      if (added) {
        notes_.push_back({text_at(flag, {"level"}), text_at(flag, {"check"}), text_at(flag, {"message"}),
                          numbers_text(at(flag, {"numbers"}))});
      }
      ++notes_[place->second - 1].runs;
    }
  }
  std::string html() const {
    if (notes_.empty()) return "<p>No check raised a flag.</p>\n";
    std::string items;
    for (size_t i = 0; i < notes_.size(); ++i) {
      const Note& note = notes_[i];
      items += fmt::format("<li id=\"note-{}\"><strong>{}</strong> <code>{}</code>: {}{}{}</li>\n", i + 1,
                           escape(note.level), escape(note.check), escape(note.message), escape(note.numbers),
                           runs_text(note));
    }
    return "<ol class=\"notes\">\n" + items + "</ol>\n";
  }

 private:
  /// In how many runs, and whose numbers are shown, if there are any.
  static std::string runs_text(const Note& note) {
    if (note.runs == 1) return "";
    const std::string shown = note.message + note.numbers;
    const bool has_numbers = std::any_of(shown.begin(), shown.end(), [](unsigned char c) { return std::isdigit(c); });
    return fmt::format("; in {} runs{}", note.runs, has_numbers ? ", of which these are the first's numbers" : "");
  }
  /// " (images 12, steps 80)"
  static std::string numbers_text(const Json& numbers) {
    std::vector<std::string> parts;
    if (!numbers.is_object()) return "";
    for (const auto& [name, value] : numbers.items()) {
      parts.push_back(name + " " + (value.is_number() ? fmt::format("{:.4g}", value.get<double>()) : text_of(value)));
    }
    return parts.empty() ? "" : " (" + join(parts, ", ") + ")";
  }
  /// Only the levels that the style sheet knows become part of the page's markup.
  static std::string level_class(const Json& flag) {
    const std::string level = text_at(flag, {"level"});
    return level == "warning" || level == "error" ? level : "info";
  }

  std::map<std::string, size_t> numbers_;
  std::vector<Note> notes_;
};

std::string share_text(std::optional<double> share) { return share ? fmt::format("{:.1f}", *share * 100) : "–"; }

std::string pair_text(const std::string& before, const std::string& after) {
  return before == "–" && after == "–" ? "–" : before + " → " + after;
}

std::optional<Share> rate_of(const Json& run, const char* when) {
  return share_of(number_at(run, {"gates", when, "mean"}), at(run, {"gates", when, "ci95"}));
}

/// How the passes of each report were timed; empty where none were, as in most.
std::set<std::string> latency_settings(const RunList& list) {
  std::set<std::string> settings;
  for (const auto& run : list.runs) {
    if (!latency_words(*run.json).empty()) settings.insert(latency_setting(list.files[run.file]));
  }
  return settings;
}

std::string legend(std::set<std::string> settings) {
  std::string text =
      "In brackets: 95 % intervals, over images. By chance: gates that differ between two clean passes with "
      "independent noise. Small numbers refer to the notes below.";
  settings.erase("");
  if (!settings.empty()) text += fmt::format(" Timed: {}.", join({settings.begin(), settings.end()}, "; or "));
  return escape(text);
}

std::string row(const RunList& list, const PlottedRun& run, const Notes& notes, bool timed) {
  const Json& json = *run.json;
  std::string cells = fmt::format("<th scope=\"row\" title=\"{}\">{}</th>", escape(text_at(json, {"model"})),
                                  escape(list.models[run.model].label));
  for (const std::string& text : {run.attack, run.setting, epsilon_text(run.epsilon, run.norm)}) {
    cells += fmt::format("<td>{}</td>", escape(text));
  }
  const auto cell = [&](const std::string& content, std::optional<Column> column = {}) {
    cells += fmt::format("<td class=\"number\">{}{}</td>", content, column ? notes.marks(json, *column) : "");
  };
  cell(share_cell(share_of(at(json, {"accuracy", "clean"}))), Column::clean);
  cell(share_cell(share_of(at(json, {"accuracy", "robust"}))), Column::robust);
  cell(share_cell(share_of(at(json, {"accuracy", "robust_quantized"}))), Column::quantized);
  cell(pair_text(share_cell(rate_of(json, "before")), share_cell(rate_of(json, "after"))));
  const auto flipped = share_of(number_at(json, {"gates", "flipped", "share"}), at(json, {"gates", "flipped", "ci95"}));
  const std::string redrawn = share_text(number_at(json, {"gates", "flipped", "share_on_clean_redraw"}));
  cell(share_cell(flipped) + (flipped ? " (" + redrawn + ")" : ""), Column::flipped);
  cell(pair_text(magnitude(number_at(json, {"macs", "before"})), magnitude(number_at(json, {"macs", "after"}))),
       Column::macs);
  if (timed) {
    const std::string words = latency_words(json);
    cell(words.empty() ? "–" : words);
  }
  const auto ties = number_at(json, {"near_ties"});
  cell(ties ? fmt::format("{:g}", *ties) : "–");
  return "<tr>" + cells + "</tr>\n";
}

}  // namespace

std::string runs_table(const RunList& list) {
  if (list.runs.empty()) return "<p>The reports hold no runs.</p>\n";
  Notes notes;
  for (const auto& run : list.runs) notes.add(*run.json);
  const std::set<std::string> settings = latency_settings(list);
  const bool timed = !settings.empty();
  std::string rows;
  for (const auto& run : list.runs) rows += row(list, run, notes, timed);
  std::vector<std::string> names{"Model",
                                 "Attack",
                                 "Defense",
                                 "ε",
                                 "Clean accuracy (%)",
                                 "Robust accuracy (%)",
                                 "Robust, 8-bit images (%)",
                                 "Execution rate before → after (%)",
                                 "Gates flipped (by chance) (%)",
                                 "Multiply-accumulates an image"};
  if (timed) names.emplace_back("Time of a pass, an image (× attack, over batches)");
  names.emplace_back("Near ties");
  std::string heads;
  for (const auto& name : names) heads += fmt::format("<th scope=\"col\">{}</th>", name);
  return fmt::format(
      "<p class=\"lead\" id=\"runs-legend\">{}</p>\n{}{}", legend(settings),
      scrolled("Table of all runs", fmt::format("<table aria-describedby=\"runs-legend\">\n<thead><tr>{}</tr></thead>\n"
                                                "<tbody>\n{}</tbody>\n</table>\n",
                                                heads, rows)),
      notes.html());
}

}  // namespace aigis::plotting
