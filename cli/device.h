// `--device cpu|cuda`, and what a report says of the machine.
#pragma once

#include <string>

#include "lib/core/json.h"
#include "lib/core/tensor.h"

namespace aigis {

/// Makes what follows on a GPU repeatable. Throws InputError for another word, or for cuda without a usable GPU.
at::Device parse_device(const std::string& name);
/// Unless CUDA graphs can be recorded there: throws InputError that names what asks for them, and what to say
/// `instead`.
void check_cuda_graphs(const std::string& asked, const std::string& instead, at::Device device);
/// {"cpu", "device", "threads", "determinism"}.
Json environment_json(at::Device device);
/// {"version", "commit", "build": {compiler, libtorch, cuda}, "command_line"}.
Json tool_json();
/// "aigis 0.1.0 (COMMIT)".
std::string version_text();
/// Kept for tool_json().
void remember_command_line(int argc, char** argv);

}  // namespace aigis
