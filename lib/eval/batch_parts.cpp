#include "lib/eval/batch_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/core/error.h"
#include "lib/core/levels.h"
#include "lib/ops/safetensors.h"

namespace aigis {

BatchParts::BatchParts(const SweepPlan& plan, Journal& journal, size_t model, int64_t batch)
    : plan_(plan), journal_(journal), model_(model), batch_(batch), parts_(plan.runs.size()) {
  // Worst cases, which stand behind the runs that they are of, come first: what they need depends on them.
  for (size_t r = parts_.size(); r-- > 0;) parts_[r] = read(r);
  if (is_done()) finish();
}

int64_t BatchParts::size() const { return std::min(plan_.batch, plan_.data.size() - offset()); }

bool BatchParts::is_done() const {
  return std::all_of(parts_.begin(), parts_.end(), [](const auto& part) { return part.has_value(); });
}

int64_t BatchParts::images_saved() const { return std::clamp<int64_t>(plan_.examples - offset(), 0, size()); }

int64_t BatchParts::images_needed(size_t run) const {
  for (size_t worst = run + 1; worst < parts_.size(); ++worst) {
    const std::vector<size_t>& of = plan_.runs[worst].worst_of;
    if (!is_done(worst) && std::find(of.begin(), of.end(), run) != of.end()) return size();
  }
  return images_saved();
}

void BatchParts::add(size_t run, RunPart part) {
  Safetensors content;
  for (size_t e = 0; e < part.images.size(); ++e) content.tensors[std::to_string(e)] = part.images[e];
  journal_.add(key_of(run), part.tally.to_json(), part.images.empty() ? "" : format_safetensors(content));
  parts_[run] = std::move(part);
  release();
  if (is_done()) finish();
}

void BatchParts::release() {
  for (size_t r = 0; r < parts_.size(); ++r) {
    if (!is_done(r) || parts_[r]->images.empty()) continue;
    const int64_t needed = images_needed(r);
    for (at::Tensor& some : parts_[r]->images) {
      if (some.size(0) > needed) some = some.slice(0, 0, needed).clone();
    }
    if (needed > 0) continue;
    parts_[r]->images.clear();
    journal_.remove_attachment(key_of(r));
  }
}

void BatchParts::finish() {
  if (plan_.examples_as != at::kByte) return;
  for (std::optional<RunPart>& part : parts_) {
    for (at::Tensor& some : part->images) {
      some = to_levels(quantized(take(plan_.data, offset(), some.size(0)).images, some));
    }
  }
}

std::string BatchParts::key_of(size_t run) const {
  return fmt::format("model {} batch {} run {}", model_, batch_, run);
}

std::optional<RunPart> BatchParts::read(size_t run) const {
  const Json* entry = journal_.find(key_of(run));
  if (entry == nullptr) return {};
  RunPart part;
  try {
    part.tally = RunTally::from_json(*entry);
  } catch (const Json::exception&) {
    return {};
  }
  if (!is_whole(part.tally)) return {};
  const int64_t needed = images_needed(run);
  if (needed == 0) return part;
  part.images = read_images(run, needed);
  if (part.images.empty()) return {};
  return part;
}

std::vector<at::Tensor> BatchParts::read_images(size_t run, int64_t count) const {
  const std::optional<std::string> bytes = journal_.attachment(key_of(run));
  if (!bytes) return {};
  std::vector<at::Tensor> images;
  try {
    const Safetensors content = parse_safetensors(*bytes, key_of(run));
    for (size_t e = 0; e < plan_.epsilons.size(); ++e) {
      const auto found = content.tensors.find(std::to_string(e));
      if (found == content.tensors.end() || found->second.dim() != plan_.data.images.dim()) return {};
      images.push_back(found->second.slice(0, 0, count));
      if (images.back().size(0) != count || images.back().sizes().slice(1) != plan_.data.images.sizes().slice(1)) {
        return {};
      }
    }
  } catch (const InputError&) {
    return {};
  }
  return images;
}

bool BatchParts::is_whole(const RunTally& tally) const {
  const ModelCard& card = plan_.models[model_]->card();
  const auto classes = static_cast<size_t>(card.classes), layers = card.gated.size(),
             images = static_cast<size_t>(size()), saved = static_cast<size_t>(images_saved());
  const size_t in_bytes = plan_.examples_as == at::kByte ? layers * images : 0;
  return tally.cells.size() == plan_.epsilons.size() && tally.clean.accuracy.trials() == size() &&
         tally.clean.has_size(classes, layers) &&
         std::all_of(tally.cells.begin(), tally.cells.end(), [&](const CellTally& cell) {
           return cell.pass.has_size(classes, layers) && cell.hits.size() == images &&
                  cell.quantized_hits.size() == images && cell.margins.size() == saved &&
                  cell.quantized_opened.size() == in_bytes;
         });
}

}  // namespace aigis
