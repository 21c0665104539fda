#include "attacks/list.h"

#include "attacks/apgd_ce.h"
#include "attacks/apgd_dlr.h"
#include "attacks/apgd_t.h"
#include "attacks/autoattack.h"
#include "attacks/bim.h"
#include "attacks/cw.h"
#include "attacks/ddn.h"
#include "attacks/deepfool.h"
#include "attacks/di_fgsm.h"
#include "attacks/emi_fgsm.h"
#include "attacks/eot_pgd.h"
#include "attacks/fab.h"
#include "attacks/fab_t.h"
#include "attacks/ffgsm.h"
#include "attacks/fgsm.h"
#include "attacks/fmn.h"
#include "attacks/gate_aware_apgd.h"
#include "attacks/gate_aware_pgd.h"
#include "attacks/gate_flip.h"
#include "attacks/gate_hijack.h"
#include "attacks/gate_jitter.h"
#include "attacks/gate_joint.h"
#include "attacks/gate_lowfreq.h"
#include "attacks/gate_oracle.h"
#include "attacks/gate_reroute.h"
#include "attacks/gate_sloth.h"
#include "attacks/gate_starve.h"
#include "attacks/gate_universal.h"
#include "attacks/gradauto.h"
#include "attacks/hopskipjump.h"
#include "attacks/ilfo.h"
#include "attacks/lgm.h"
#include "attacks/mi_fgsm.h"
#include "attacks/ni_fgsm.h"
#include "attacks/noise.h"
#include "attacks/pgd.h"
#include "attacks/pi_fgsm.h"
#include "attacks/r_fgsm.h"
#include "attacks/si_ni_fgsm.h"
#include "attacks/spsa.h"
#include "attacks/square.h"
#include "attacks/ti_fgsm.h"
#include "attacks/vmi_fgsm.h"
#include "attacks/vni_fgsm.h"

namespace aigis {

const Catalogue<Attack>& attack_list() {
  static const Catalogue<Attack> list{
      entry<Attack, Fgsm>("attack"),
      entry<Attack, Noise>("attack"),
      entry<Attack, AscentAttack<Ffgsm>>("attack"),
      entry<Attack, AscentAttack<RFgsm>>("attack"),
      entry<Attack, AscentAttack<Bim>>("attack"),
      entry<Attack, AscentAttack<Pgd>>("attack"),
      entry<Attack, AscentAttack<EotPgd>>("attack"),
      entry<Attack, AscentAttack<MiFgsm>>("attack"),
      entry<Attack, AscentAttack<NiFgsm>>("attack"),
      entry<Attack, AscentAttack<DiFgsm>>("attack"),
      entry<Attack, AscentAttack<TiFgsm>>("attack"),
      entry<Attack, AscentAttack<SiNiFgsm>>("attack"),
      entry<Attack, AscentAttack<VmiFgsm>>("attack"),
      entry<Attack, AscentAttack<VniFgsm>>("attack"),
      entry<Attack, AscentAttack<PiFgsm>>("attack"),
      entry<Attack, AscentAttack<EmiFgsm>>("attack"),
      entry<Attack, AutoPgdAttack<ApgdCe>>("attack"),
      entry<Attack, AutoPgdAttack<ApgdDlr>>("attack"),
      entry<Attack, AutoPgdAttack<ApgdT>>("attack"),
      entry<Attack, NearestAttack<DeepFool>>("attack"),
      entry<Attack, NearestAttack<CarliniWagner>>("attack"),
      entry<Attack, NearestAttack<Ddn>>("attack"),
      entry<Attack, NearestAttack<Fmn>>("attack"),
      entry<Attack, NearestAttack<Fab>>("attack"),
      entry<Attack, NearestAttack<FabT>>("attack"),
      entry<Attack, Square>("attack"),
      entry<Attack, Spsa>("attack"),
      entry<Attack, NearestAttack<HopSkipJump>>("attack"),
      entry<Attack, AutoAttack>("attack"),
      entry<Attack, GateAttack<GateSloth>>("attack"),
      entry<Attack, GateAttack<GateStarve>>("attack"),
      entry<Attack, GateAttack<GateJitter>>("attack"),
      entry<Attack, GateAttack<GateJoint>>("attack"),
      entry<Attack, GateAttack<GateReroute>>("attack"),
      entry<Attack, GateHijackAttack>("attack"),
      entry<Attack, GateFlipAttack>("attack"),
      entry<Attack, GateAttack<GateLowfreq>>("attack"),
      entry<Attack, GateUniversal>("attack"),
      entry<Attack, GateOracle>("attack"),
      entry<Attack, GateAware<GateAwarePgd>>("attack"),
      entry<Attack, GateAware<GateAwareApgd>>("attack"),
      entry<Attack, AscentAttack<Lgm>>("attack"),
      entry<Attack, GradAuto>("attack"),
      entry<Attack, Ilfo>("attack"),
  };
  return list;
}

std::shared_ptr<const Attack> attack_of(const std::string& spec) {
  return make_or_none(attack_list(), "attack", Spec::parse(spec));
}

}  // namespace aigis
