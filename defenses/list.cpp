#include "defenses/list.h"

#include <nlohmann/json.hpp>

#include "defenses/jpeg.h"

namespace aigis {

const Catalogue<Defense>& defense_list() {
  static const Catalogue<Defense> list = {
      entry<Defense, Jpeg>("defense"),
  };
  return list;
}

}  // namespace aigis
