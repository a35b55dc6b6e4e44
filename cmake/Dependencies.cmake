# SPDX-License-Identifier: Apache-2.0
# Every find_package of the project. All are Debian 12 packages; `./run deps` installs them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(cppzmq REQUIRED)                                       # cppzmq-dev, libzmq3-dev
# libmsgpack-cxx-dev: headers only. Its CMake file has the name of the C library's, which is found in its place where
# both are installed, and asks for Boost, which we do without (MSGPACK_NO_BOOST).
find_path(MSGPACK_CXX_INCLUDE_DIR msgpack.hpp REQUIRED)
add_library(msgpackc-cxx INTERFACE IMPORTED GLOBAL)
target_include_directories(msgpackc-cxx INTERFACE ${MSGPACK_CXX_INCLUDE_DIR})
find_package(CURL REQUIRED)                                         # libcurl4-openssl-dev
find_package(SQLite3 REQUIRED)                                      # libsqlite3-dev
find_package(ZLIB REQUIRED)                                         # zlib1g-dev
find_package(fmt REQUIRED)                                          # libfmt-dev
find_package(nlohmann_json REQUIRED)                                # nlohmann-json3-dev
find_package(CLI11 REQUIRED)                                        # libcli11-dev
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)                 # libre2-dev
pkg_check_modules(pcre2 REQUIRED IMPORTED_TARGET libpcre2-8)        # libpcre2-dev
pkg_check_modules(hs REQUIRED IMPORTED_TARGET libhs)                 # libhyperscan-dev
pkg_check_modules(mnl REQUIRED IMPORTED_TARGET libmnl)              # libmnl-dev
if(BREAKWATER_TESTS)
  find_package(GTest REQUIRED)                                      # libgtest-dev, libgmock-dev
endif()
if(BREAKWATER_BENCH)
  find_package(benchmark QUIET)                                     # libbenchmark-dev
endif()
