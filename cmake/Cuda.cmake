# This project's own kernels: compiled where a build with CUDA finds nvcc. Without it the program still runs on a GPU, and
# what needs a kernel takes another way.
set(AIGIS_CUDA_KERNELS OFF)
if(AIGIS_WITH_CUDA)
  find_program(AIGIS_NVCC nvcc PATHS /usr/local/cuda/bin)
  if(AIGIS_NVCC)
    set(CMAKE_CUDA_COMPILER "${AIGIS_NVCC}")
    set(CMAKE_CUDA_ARCHITECTURES "80;90" CACHE STRING "GPUs to compile kernels for (80: A100, 90: H100 and H200)")
    enable_language(CUDA)
    find_package(CUDAToolkit REQUIRED)
    set(AIGIS_CUDA_KERNELS ON)
  endif()
  message(STATUS "aigis: kernels compiled by nvcc: ${AIGIS_CUDA_KERNELS}")
endif()
