#include "attacks/list.h"

#include "attacks/fgsm.h"
#include "attacks/pgd.h"

namespace aigis {

const Catalogue<Attack>& attack_list() {
  static const Catalogue<Attack> list{
      entry<Attack, Fgsm>("attack"),
      entry<Attack, Pgd>("attack"),
  };
  return list;
}

}  // namespace aigis
