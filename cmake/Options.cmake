# SPDX-License-Identifier: Apache-2.0
# What every target is compiled with: bw_options. -Werror stands in the presets only, so that a newer compiler's
# new warning never stops a user's build.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

add_library(bw_options INTERFACE)
target_compile_options(bw_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  # g++ 12 warns of std::string's own assignment when it optimises (GCC bug 105651).
  $<$<CONFIG:RelWithDebInfo>:-Wno-restrict>
  # No path of the build machine in what ships.
  $<$<CONFIG:RelWithDebInfo>:-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.>
  $<$<CONFIG:RelWithDebInfo>:-ffile-prefix-map=${CMAKE_BINARY_DIR}=.>)
# What ships reads hostile text: an overrun ends the process, and nothing of its tables can be written to.
target_compile_options(bw_options INTERFACE
  $<$<CONFIG:RelWithDebInfo>:-fstack-protector-strong> $<$<CONFIG:RelWithDebInfo>:-D_FORTIFY_SOURCE=2>)
target_link_options(bw_options INTERFACE $<$<CONFIG:RelWithDebInfo>:-Wl,-z,relro,-z,now>)
# Our own assertions and libstdc++'s stay alive in release: a broken invariant ends the process, the service
# manager restarts it, and the state on disk brings it back.
target_compile_definitions(bw_options INTERFACE _GLIBCXX_ASSERTIONS MSGPACK_NO_BOOST)
target_compile_options(bw_options INTERFACE -UNDEBUG)
target_include_directories(bw_options INTERFACE ${CMAKE_SOURCE_DIR})
if(BREAKWATER_SANITIZE)
  target_compile_options(bw_options INTERFACE -fsanitize=${BREAKWATER_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(bw_options INTERFACE -fsanitize=${BREAKWATER_SANITIZE})
  if(BREAKWATER_SANITIZE MATCHES undefined)
    target_compile_options(bw_options INTERFACE -fno-sanitize-recover=undefined)
  endif()
endif()
