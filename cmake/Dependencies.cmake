# Debian's packages (scripts/apt-packages.txt) as imported targets.
# Headers and libraries in another prefix are found with -DCMAKE_PREFIX_PATH=PREFIX.

find_package(Threads REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)

function(aigis_import name header library)
  cmake_parse_arguments(ARG "" "" "SUFFIXES" ${ARGN})
  find_path(${name}_INCLUDE ${header} PATH_SUFFIXES ${ARG_SUFFIXES})
  if(NOT ${name}_INCLUDE)
    message(FATAL_ERROR "header ${header} not found; scripts/setup.sh installs the packages of scripts/apt-packages.txt")
  endif()
  add_library(aigis_${name} INTERFACE)
  target_include_directories(aigis_${name} SYSTEM INTERFACE ${${name}_INCLUDE})
  if(library)
    find_library(${name}_LIBRARY ${library})
    if(NOT ${name}_LIBRARY)
      message(FATAL_ERROR "library ${library} not found; scripts/setup.sh installs the packages of scripts/apt-packages.txt")
    endif()
    target_link_libraries(aigis_${name} INTERFACE ${${name}_LIBRARY})
  endif()
  add_library(aigis::${name} ALIAS aigis_${name})
endfunction()

aigis_import(cli11 CLI/CLI.hpp "")
aigis_import(valijson valijson/validator.hpp "")
aigis_import(turbojpeg turbojpeg.h turbojpeg)
# Three modules of OpenCV, by name: its CMake package would ask for all of them.
aigis_import(opencv_core opencv2/core.hpp opencv_core SUFFIXES opencv4)
aigis_import(opencv_imgproc opencv2/imgproc.hpp opencv_imgproc SUFFIXES opencv4)
if(AIGIS_PNG)
  aigis_import(opencv_imgcodecs opencv2/imgcodecs.hpp opencv_imgcodecs SUFFIXES opencv4)
endif()
