# Imports LibTorch from an unpacked `torch` wheel or a LibTorch zip as the target `aigis::torch`.
#
# The wheel's own TorchConfig.cmake demands an installed CUDA toolkit even where no CUDA code is compiled, so the libraries
# are named directly: a build for the CPU links libtorch_cpu alone, and one for the GPU adds libtorch_cuda, whose own
# dependencies lie beside it in the wheel and are found through its RPATH.

if(NOT AIGIS_TORCH_DIR)
  execute_process(
    COMMAND ${AIGIS_PYTHON} -c "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"
    OUTPUT_VARIABLE torch_dir OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(AIGIS_TORCH_DIR "${torch_dir}" CACHE PATH "Folder that holds LibTorch's include/ and lib/" FORCE)
endif()
if(NOT EXISTS "${AIGIS_TORCH_DIR}/lib/libtorch_cpu.so")
  message(FATAL_ERROR
    "LibTorch not found. Run scripts/setup.sh, or pass -DAIGIS_TORCH_DIR=<folder with include/ and lib/>, "
    "or -DAIGIS_PYTHON=<a Python that has torch>.")
endif()
message(STATUS "LibTorch: ${AIGIS_TORCH_DIR}")

set(torch_lib "${AIGIS_TORCH_DIR}/lib")
add_library(aigis_torch INTERFACE)
add_library(aigis::torch ALIAS aigis_torch)
target_include_directories(aigis_torch SYSTEM INTERFACE
  "${AIGIS_TORCH_DIR}/include" "${AIGIS_TORCH_DIR}/include/torch/csrc/api/include")
# at::parallel_for is a template: in a file compiled without OpenMP it is a serial loop, and nothing says so.
find_package(OpenMP REQUIRED COMPONENTS CXX)
target_link_libraries(aigis_torch INTERFACE OpenMP::OpenMP_CXX)
# LibTorch's folder of headers brings {fmt} along, which would shadow an installed one of another version;
# lib/core/format.cpp compiles it.
target_link_libraries(aigis_torch INTERFACE "${torch_lib}/libtorch_cpu.so" "${torch_lib}/libc10.so")

find_program(AIGIS_NVCC nvcc PATHS /usr/local/cuda/bin)
if(AIGIS_CUDA STREQUAL "AUTO")
  # Worth linking where there is a GPU to use or a toolkit to develop with; it lengthens start-up.
  find_program(AIGIS_NVIDIA_SMI nvidia-smi)
  if(EXISTS "${torch_lib}/libtorch_cuda.so" AND (AIGIS_NVCC OR AIGIS_NVIDIA_SMI))
    set(AIGIS_WITH_CUDA ON)
  else()
    set(AIGIS_WITH_CUDA OFF)
  endif()
else()
  set(AIGIS_WITH_CUDA ${AIGIS_CUDA})
endif()
if(AIGIS_WITH_CUDA)
  if(NOT EXISTS "${torch_lib}/libtorch_cuda.so")
    message(FATAL_ERROR "AIGIS_CUDA=ON, but ${torch_lib} has no libtorch_cuda.so: this LibTorch is built for the CPU only")
  endif()
  # Nothing refers to a symbol of libtorch_cuda: loading it is what registers the device.
  target_link_libraries(aigis_torch INTERFACE
    "-Wl,--push-state,--no-as-needed" "${torch_lib}/libtorch_cuda.so" "${torch_lib}/libc10_cuda.so" "-Wl,--pop-state")
endif()
# Shared libraries of the wheel refer to each other; the linker need not look for them.
target_link_options(aigis_torch INTERFACE "-Wl,--allow-shlib-undefined")

if(AIGIS_WITH_CUDA)
  message(STATUS "aigis: built for CPU and CUDA (AIGIS_CUDA=${AIGIS_CUDA})")
else()
  message(STATUS "aigis: built for the CPU only (AIGIS_CUDA=${AIGIS_CUDA})")
endif()
