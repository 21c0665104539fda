#include "cli/former_options.h"

#include <string>
#include <vector>

namespace aigis {
namespace {

struct FormerOption {
  const char *attack, *option;
};

const std::vector<FormerOption> kFormerOptions{{"gate-jitter", "width"}, {"noise", "readings"}};

void forget(Json& attack) {
  if (!attack.is_object()) return;
  for (const FormerOption& former : kFormerOptions) {
    if (attack["name"].get<std::string>() == former.attack) attack["options"].erase(former.option);
  }
}

}  // namespace

void forget_former_options(Json& report) {
  for (Json& attack : report["config"]["attack"]) forget(attack);
  for (Json& run : report["runs"]) forget(run["attack"]);
}

}  // namespace aigis
