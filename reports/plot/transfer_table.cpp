#include "reports/plot/transfer_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "lib/eval/access.h"
#include "reports/plot/runs.h"
#include "reports/plot/scrolled.h"
#include "reports/plot/svg.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

/// One attack behind one defense within one budget.
struct Matrix {
  std::string attack, defense, norm;
  double epsilon = 0;
  std::vector<std::string> seen;                                ///< models that the attack saw, as access names them
  std::map<std::pair<std::string, size_t>, const Json*> cells;  ///< by model seen and model that judges
};

bool is_of(const Matrix& matrix, const PlottedRun& run) {
  return matrix.attack == run.attack && matrix.defense == at(*run.json, {"defense"}).dump() && matrix.norm == run.norm;
}

std::vector<Matrix> matrices_of(const RunList& list) {
  std::vector<Matrix> matrices;
  for (const auto& run : list.runs) {
    if (surrogate_of(text_at(*run.json, {"access"})).empty()) continue;
    auto matrix = std::find_if(matrices.begin(), matrices.end(), [&](const Matrix& m) { return is_of(m, run); });
    if (matrix == matrices.end()) {
      matrix = matrices.insert(matrix, {run.attack, at(*run.json, {"defense"}).dump(), run.norm, 0, {}, {}});
    }
    matrix->epsilon = std::max(matrix->epsilon, run.epsilon);
  }
  for (Matrix& matrix : matrices) {
    for (const auto& run : list.runs) {
      if (!is_of(matrix, run) || run.epsilon != matrix.epsilon) continue;
      const std::string access = text_at(*run.json, {"access"});
      const std::string seen = access == kWhiteBox ? text_at(*run.json, {"model"}) : surrogate_of(access);
      if (seen.empty()) continue;
      if (std::find(matrix.seen.begin(), matrix.seen.end(), seen) == matrix.seen.end()) matrix.seen.push_back(seen);
      const Json*& cell = matrix.cells[{seen, run.model}];
      if (cell == nullptr || access == kWhiteBox) cell = run.json;
    }
  }
  return matrices;
}

std::string table_of(const Matrix& matrix, const RunList& list) {
  std::string heads = "<th scope=\"col\">Made against</th>", rows;
  for (const auto& model : list.models) heads += fmt::format("<th scope=\"col\">{}</th>", escape(model.label));
  for (const auto& seen : matrix.seen) {
    rows += fmt::format("<tr><th scope=\"row\" title=\"{}\">{}</th>", escape(seen), escape(short_id(seen)));
    for (size_t m = 0; m < list.models.size(); ++m) {
      const auto found = matrix.cells.find({seen, m});
      const auto share =
          found == matrix.cells.end() ? std::nullopt : share_of(at(*found->second, {"accuracy", "robust"}));
      const bool own = share && text_at(*found->second, {"access"}) == kWhiteBox;
      rows += fmt::format("<td class=\"number{}\">{}</td>", own ? " own" : "", share_cell(share));
    }
    rows += "</tr>\n";
  }
  return scrolled("Transfer of " + matrix.attack,
                  fmt::format("<table>\n<caption>{0}, ε {1}: accuracy (%) of each model, by column; bold: the attack "
                              "saw the model that judges"
                              "</caption>\n<thead><tr>{2}</tr></thead>\n<tbody>\n{3}</tbody>\n</table>\n",
                              escape(matrix.attack), escape(epsilon_text(matrix.epsilon, matrix.norm)), heads, rows));
}

}  // namespace

std::string transfer_tables(const std::vector<Json>& files) {
  const RunList list = join_runs(files);
  std::string tables;
  for (const Matrix& matrix : matrices_of(list)) tables += table_of(matrix, list);
  return tables;
}

}  // namespace aigis::plotting
