#include "attacks/list.h"

#include "attacks/fgsm.h"

namespace aigis {

const Catalogue<Attack>& attack_list() {
  static const Catalogue<Attack> list{
      entry<Attack, Fgsm>("attack"),
  };
  return list;
}

}  // namespace aigis
