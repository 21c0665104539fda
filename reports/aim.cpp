#include "reports/aim.h"

namespace aigis {

std::string aim_name(Aim aim) {
  switch (aim) {
    case Aim::wrong_answer: return "wrong-answer";
    case Aim::unseen_wrong_answer: return "unseen-wrong-answer";
    case Aim::more_compute: return "more-compute";
    case Aim::less_compute: return "less-compute";
    case Aim::uneven_compute: return "uneven-compute";
    case Aim::graph: return "graph";
  }
  return "";
}

bool wants_wrong_answer(const Json& attack) {
  if (!attack.contains("aim")) return true;
  const auto& aim = attack["aim"].get_ref<const std::string&>();
  return aim == aim_name(Aim::wrong_answer) || aim == aim_name(Aim::unseen_wrong_answer);
}

}  // namespace aigis
