// Arithmetic that verdicts rest on: float32, and the same bits when it is done again.
#pragma once

namespace aigis {

/// For the whole process: a GPU uses no TF32 and no algorithm of cuDNN that adds in a changing order. To be called
/// before anything is computed on a GPU; on the CPU LibTorch needs no asking.
void make_repeatable();

}  // namespace aigis
