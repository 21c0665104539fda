#include <iostream>

#include "attacks/list.h"
#include "lib/core/repeatable.h"
#include "lib/eval/verdict.h"
#include "models/load.h"

using namespace aigis;

int main() {
  make_repeatable();  // on a GPU, too: no TF32
  LoadedModel loaded = load_model(Spec::parse("models/synthetic-aig-8.safetensors:gates=argmax"), at::kCPU);
  Dataset data = load_dataset(Spec::parse("synthetic"), Part::test);  // or "cifar10:DIR"
  Batch batch = take(data, 0, 250);
  const double epsilon = 8.0 / 255;
  Victim victim(*loaded.model, /*seed=*/0);
  at::Tensor proposed = attack_of("fgsm")->propose(victim, batch, Norm::linf, epsilon)[0];
  Admitted admitted = admit(batch.images, proposed, Norm::linf, epsilon);
  Judgement clean = judge(*loaded.model, batch.images, batch, /*seed=*/0, Purpose::verdict_gates);
  Judgement attacked = judge(*loaded.model, admitted.images, batch, /*seed=*/0, Purpose::verdict_gates);
  std::cout << "right: " << clean.hits.sum().item<int64_t>() << " of " << batch.labels.size(0) << ", "
            << attacked.hits.sum().item<int64_t>() << " under attack\n";
}
