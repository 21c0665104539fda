# aigis_python_test(NAME FILE): runs a pytest file of this folder as one test.
#
# It finds the program through the variable AIGIS_PROGRAM. pytest's reasons for skipping are printed, and a file
# of which no test could run at all (pytest's exit code 5) counts as skipped, never as passed.
function(aigis_python_test name file)
  add_test(NAME ${name} COMMAND "${AIGIS_PYTHON}" -m pytest -q -rs -p no:cacheprovider
           "--junitxml=${PROJECT_BINARY_DIR}/Testing/cases/${name}.xml" "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
  set_tests_properties(${name} PROPERTIES
    ENVIRONMENT "AIGIS_PROGRAM=$<TARGET_FILE:aigis>;PYTHONDONTWRITEBYTECODE=1;OMP_NUM_THREADS=1"
    LABELS python SKIP_RETURN_CODE 5)
endfunction()
