#include "reports/plot/provenance.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "lib/core/text.h"
#include "reports/plot/scrolled.h"
#include "reports/plot/svg.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

std::string fact(const std::string& name, const std::string& value) {
  if (value.empty()) return "";
  return fmt::format("<tr><th scope=\"row\">{}</th><td><code>{}</code></td></tr>\n", escape(name), escape(value));
}

/// {"compiler": "GNU 12", "cuda": null} as "compiler GNU 12".
std::string listed(const Json& object) {
  std::vector<std::string> parts;
  if (!object.is_object()) return text_of(object);
  for (const auto& [key, value] : object.items()) {
    if (!value.is_null()) parts.push_back(key + " " + text_of(value));
  }
  return join(parts, ", ");
}

std::string seeds(const Json& file) {
  std::set<std::string> found;
  for (const auto& run : at(file, {"runs"})) found.insert(text_at(run, {"seed"}));
  if (found.empty()) found.insert(text_at(file, {"config", "seed"}));
  return join({found.begin(), found.end()}, ", ");
}

std::string data_facts(const Json& file) {
  const std::string spec = text_at(file, {"data", "spec"});
  std::string facts = fact("Data", spec.empty() ? text_at(file, {"data", "name"}) : spec);
  if (text_at(file, {"schema"}) != "aigis-train") {
    return facts +
           fact("Images", fmt::format("{} of the part '{}'", text_at(file, {"data", "count"}),
                                      text_at(file, {"data", "split"}))) +
           fact("SHA-256 of the data", text_at(file, {"data", "sha256"}));
  }
  return facts +
         fact("Images", text_at(file, {"data", "train"}) + " to learn from, " + text_at(file, {"data", "held_out"}) +
                            " held out") +
         fact("SHA-256 of the data learnt from", text_at(file, {"data", "train_sha256"})) +
         fact("SHA-256 of the data held out", text_at(file, {"data", "held_out_sha256"}));
}

std::string model_facts(const Json& file) {
  std::string facts;
  for (const auto& model : at(file, {"models"})) {
    const auto full = number_at(model, {"macs", "full"});
    facts +=
        fact("Model " + text_at(model, {"id"}),
             fmt::format("{}, {} parameters, {} multiply-accumulates, SHA-256 {}", text_at(model, {"architecture"}),
                         text_at(model, {"parameters"}), magnitude(full), text_at(model, {"checkpoint", "sha256"})));
  }
  const Json& hashes = at(file, {"hashes"});
  if (hashes.is_object()) {
    for (const auto& [name, hash] : hashes.items()) facts += fact("SHA-256 of " + name, text_of(hash));
  }
  return facts;
}

}  // namespace

std::string provenance(const std::vector<Json>& files) {
  std::string html;
  for (size_t i = 0; i < files.size(); ++i) {
    const Json& file = files[i];
    const std::string schema = text_at(file, {"schema"});
    const std::string caption = schema == "aigis-report"    ? "Report"
                                : schema == "aigis-inspect" ? "Inspection"
                                                            : "Training of " + text_at(file, {"model", "architecture"});
    std::string table = fmt::format("<table class=\"facts\">\n<caption>{}{}</caption>\n<tbody>\n", escape(caption),
                                    files.size() > 1 ? fmt::format(" (file {})", i + 1) : "");
    table += fact("Program", fmt::format("aigis {}, commit {}", text_at(file, {"tool", "version"}),
                                         text_at(file, {"tool", "commit"})));
    table += fact("Build", listed(at(file, {"tool", "build"})));
    table += fact("Command", text_at(file, {"tool", "command_line"}));
    table += fact("Seed", seeds(file));
    table += data_facts(file) + model_facts(file) + fact("Machine", listed(at(file, {"environment"})));
    html += scrolled(fmt::format("Origin of file {}", i + 1), table + "</tbody>\n</table>\n");
  }
  return html;
}

}  // namespace aigis::plotting
