#include "attacks/parts/worth.h"

#include <ATen/ops/where.h>

#include "attacks/parts/shrinking.h"

namespace aigis {
namespace {

at::Tensor sum_of(const at::Tensor& a, const at::Tensor& b) { return a.defined() ? a + b : b; }

at::Tensor one_of(const at::Tensor& which, const at::Tensor& a, const at::Tensor& b) {
  return a.defined() ? at::where(which, a, b) : a;
}

at::Tensor rows_of(const at::Tensor& all, const at::Tensor& rows) {
  return all.defined() ? all.index_select(0, rows) : all;
}

}  // namespace

Worth& Worth::operator+=(const Worth& other) {
  holds = sum_of(holds, other.holds);
  reached = sum_of(reached, other.reached);
  value = sum_of(value, other.value);
  return *this;
}

at::Tensor Worth::exceeds(const Worth& other) const {
  at::Tensor better = value.gt(other.value);
  if (reached.defined()) better = at::where(reached.eq(other.reached), better, reached.gt(other.reached));
  if (holds.defined()) better = at::where(holds.eq(other.holds), better, holds.gt(other.holds));
  return better;
}

Worth Worth::where(const at::Tensor& which, const Worth& other) const {
  return {one_of(which, holds, other.holds), one_of(which, reached, other.reached), one_of(which, value, other.value)};
}

Worth Worth::select(const at::Tensor& rows) const {
  return {rows_of(holds, rows), rows_of(reached, rows), rows_of(value, rows)};
}

void Worth::put(const at::Tensor& places, const at::Tensor& which, const Worth& some) {
  if (holds.defined()) put_rows(holds, places, which, some.holds);
  if (reached.defined()) put_rows(reached, places, which, some.reached);
  put_rows(value, places, which, some.value);
}

}  // namespace aigis
