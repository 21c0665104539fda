// What LibTorch says where a TorchScript model fails, in a few words.
#pragma once

#include <exception>
#include <string>

namespace aigis {

/// What happened: one sentence of an interpreter's or a parser's report.
std::string script_failure(const std::exception& error);

}  // namespace aigis
