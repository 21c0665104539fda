#include "attacks/parts/every_draw.h"

#include <ATen/ops/full_like.h>

#include "lib/eval/verdict.h"

namespace aigis {
namespace {

/// Puts what a pass over some rows told in the place of what was known of them.
template <class T>
void put(T& all, const T& some, const at::Tensor& rows, std::initializer_list<at::Tensor T::*> members) {
  for (const auto member : members) all.*member = (all.*member).index_copy(0, rows, some.*member);
}

}  // namespace

EveryDraw::EveryDraw(Victim& victim, int64_t draws, double lead)
    : victim_(victim), draws_(victim.card().has_random_gates ? static_cast<uint32_t>(draws) : 1), lead_(lead) {}

at::Tensor EveryDraw::lost(const at::Tensor& logits, const at::Tensor& labels) const {
  if (lead_ == 0) return answers_of(logits).ne(labels);
  const at::Tensor handicap = at::full_like(labels, lead_, logits.options()).unsqueeze(1);
  return answers_of(logits.scatter_add(1, labels.unsqueeze(1), handicap)).ne(labels);
}

void EveryDraw::ask_again(const Batch& asked, const at::Tensor& logits, Position position, const Settle& settle) const {
  if (draws_ == 1) return;
  at::Tensor left = lost(logits, asked.labels).nonzero().squeeze(1);
  for (uint32_t draw = 1; draw < draws_ && left.size(0) > 0; ++draw) {
    ++position.draw;
    const Batch again = asked.select(left);
    const at::Tensor now = victim_.forward(again.images, again.ids, position).logits;
    const at::Tensor wrong = lost(now, again.labels), right = wrong.logical_not().nonzero().squeeze(1);
    if (right.size(0) > 0) settle(left.index_select(0, right), now.index_select(0, right), position);
    left = left.index_select(0, wrong.nonzero().squeeze(1));
  }
}

at::Tensor EveryDraw::logits(const Batch& asked, const Position& position) const {
  at::Tensor all = victim_.forward(asked.images, asked.ids, position).logits;
  ask_again(asked, all, position, [&](const at::Tensor& rows, const at::Tensor& some, const Position&) {
    all = all.index_copy(0, rows, some);
  });
  return all;
}

Victim::Gradient EveryDraw::gradient(const Batch& asked, const LossOfRows& loss, const Position& position,
                                     const GatePath& path) const {
  using Gradient = Victim::Gradient;
  Gradient all = victim_.gradient(asked.images, asked.ids, loss({}), position, path);
  ask_again(asked, all.logits, position, [&](const at::Tensor& rows, const at::Tensor& told, const Position& there) {
    const Batch again = asked.select(rows);
    Gradient some = victim_.gradient(again.images, again.ids, loss(rows), there, path);
    some.logits = told;  // a pass for a gradient may be rounded, and lose what this draw gets right
    put(all, some, rows, {&Gradient::images, &Gradient::losses, &Gradient::logits, &Gradient::flat});
  });
  return all;
}

Victim::Gradients EveryDraw::gradients(const Batch& asked, const at::Tensor& classes, const Position& position,
                                       const GatePath& path) const {
  using Gradients = Victim::Gradients;
  Gradients all = victim_.gradients(asked.images, asked.ids, classes, asked.labels, position, path);
  ask_again(asked, all.logits, position, [&](const at::Tensor& rows, const at::Tensor& told, const Position& there) {
    const Batch again = asked.select(rows);
    Gradients some =
        victim_.gradients(again.images, again.ids, classes.index_select(0, rows), again.labels, there, path);
    some.logits = told;
    put(all, some, rows, {&Gradients::images, &Gradients::differences, &Gradients::logits});
  });
  return all;
}

}  // namespace aigis
