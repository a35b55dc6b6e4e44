# SPDX-License-Identifier: Apache-2.0
# How the project's targets are declared.

# bw_library(NAME HEADERS a.h ... SOURCES a.cpp ... LIBS lib ...): the static library of one folder. Each header is
# also compiled alone (target all_verify_interface_header_sets), so none depends on what was included before it.
function(bw_library name)
  cmake_parse_arguments(ARG "" "" "HEADERS;SOURCES;LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${ARG_HEADERS})
  target_link_libraries(${name} PUBLIC bw_options ${ARG_LIBS})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
endfunction()

# bw_program(NAME SOURCES ... LIBS ...): a program is a main.cpp and a link line, so tests link what ships.
function(bw_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE bw_options ${ARG_LIBS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# bw_test(NAME SOURCES ... LIBS ... [LABELS ...] [MAIN]): one GoogleTest program; each TEST is a ctest of its own.
# Labels: unit (default), process (starts our programs), netns (needs root: network namespaces).
# MAIN: the test brings its own main().
function(bw_test name)
  cmake_parse_arguments(ARG "MAIN" "" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  # TSan looks at threads: tests of rules in network namespaces have none.
  if(BREAKWATER_SANITIZE MATCHES thread AND "netns" IN_LIST ARG_LABELS)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE bw_options ${ARG_LIBS} GTest::gmock)
  if(NOT ARG_MAIN)
    target_link_libraries(${name} PRIVATE GTest::gtest_main)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  set(prefix "")
  if(BREAKWATER_SANITIZE MATCHES thread)
    set(prefix "tsan.")
  endif()
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${prefix}" PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 300
    ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp"
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endfunction()

# bw_fuzz(NAME RUNS n LIBS ...): tests/fuzz/NAME.cpp as fuzz_NAME, with libFuzzer where the build is for it, else with a
# driver of our own; in ctest (label fuzz) its corpus and n mutations of it.
function(bw_fuzz name)
  cmake_parse_arguments(ARG "" "RUNS" "LIBS" ${ARGN})
  # TSan looks at threads: these have none.
  if(BREAKWATER_SANITIZE MATCHES thread)
    return()
  endif()
  add_executable(fuzz_${name} ${name}.cpp)
  target_link_libraries(fuzz_${name} PRIVATE bw_options ${ARG_LIBS})
  set_target_properties(fuzz_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  if(BREAKWATER_SANITIZE MATCHES fuzzer)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(fuzz_${name} PRIVATE driver.cpp)
  endif()
  add_test(NAME fuzz.${name}
    COMMAND fuzz_${name} -seed=1 -runs=${ARG_RUNS} -artifact_prefix=${CMAKE_BINARY_DIR}/fuzz/${name}- corpus/${name}
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 300)
endfunction()
