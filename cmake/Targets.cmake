# One precompiled header, aigis_core's, serves every target: LibTorch's and the JSON library's headers take longer to
# read than a file of this project takes to compile. Files still include what they use.
set(AIGIS_SLOW_HEADERS <ATen/core/Tensor.h> <ATen/TensorOperators.h> <fmt/format.h>
    "${PROJECT_SOURCE_DIR}/lib/core/json.h")

function(aigis_precompiled_header target)
  if(target STREQUAL aigis_core)
    target_precompile_headers(${target} PRIVATE ${AIGIS_SLOW_HEADERS})
  else()
    target_precompile_headers(${target} REUSE_FROM aigis_core)
  endif()
endfunction()

# aigis_library(NAME SOURCES... LINK TARGETS...): one static library for one folder.

function(aigis_compile_options target)
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor)
  if(AIGIS_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  aigis_precompiled_header(${target})
  if(AIGIS_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  endif()
endfunction()

function(aigis_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(aigis_${name} STATIC ${ARG_SOURCES})
  add_library(aigis::${name} ALIAS aigis_${name})
  aigis_compile_options(aigis_${name})
  target_link_libraries(aigis_${name} PUBLIC ${ARG_LINK})
endfunction()
