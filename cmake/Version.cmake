# Run at every build: writes which commit is built, and touches the file only when that changed.
#   cmake -DSOURCE=… -DOUTPUT=… -DVERSION=… -DWITH_CUDA=0|1 -P Version.cmake
execute_process(COMMAND git -C "${SOURCE}" describe --always --dirty --abbrev=12 --exclude=*
                OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT COMMIT)
  set(COMMIT unknown)
endif()
configure_file("${SOURCE}/cli/version.h.in" "${OUTPUT}")
