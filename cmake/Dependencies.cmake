# SPDX-License-Identifier: Apache-2.0
# Every find_package of the project. All are Debian 12 packages; `./run deps` installs them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(cppzmq REQUIRED)                                       # cppzmq-dev, libzmq3-dev
find_package(msgpackc-cxx REQUIRED NAMES msgpackc-cxx msgpack CONFIG)  # libmsgpack-cxx-dev
find_package(CURL REQUIRED)                                         # libcurl4-openssl-dev
find_package(SQLite3 REQUIRED)                                      # libsqlite3-dev
find_package(fmt REQUIRED)                                          # libfmt-dev
find_package(nlohmann_json REQUIRED)                                # nlohmann-json3-dev
find_package(CLI11 REQUIRED)                                        # libcli11-dev
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)                 # libre2-dev
pkg_check_modules(mnl REQUIRED IMPORTED_TARGET libmnl)              # libmnl-dev
if(BREAKWATER_TESTS)
  find_package(GTest REQUIRED)                                      # libgtest-dev, libgmock-dev
endif()
if(BREAKWATER_BENCH)
  find_package(benchmark QUIET)                                     # libbenchmark-dev
endif()
