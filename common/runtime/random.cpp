// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/random.h"

#include <cassert>
#include <cerrno>
#include <cstdlib>

#include <sys/random.h>

#include "common/base/result.h"
#include "common/log/log.h"

namespace breakwater {
namespace {

void fill(void* out, std::size_t count) {
  auto* at = static_cast<char*>(out);
  while (count > 0) {
    const ssize_t got = ::getrandom(at, count, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      log_error("no random bytes", {{"error", system_error("getrandom").message()}});
      std::abort();
    }
    at += got;
    count -= static_cast<std::size_t>(got);
  }
}

}  // namespace

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  fill(bytes.data(), bytes.size());
  return bytes;
}

std::uint64_t random_u64() {
  std::uint64_t value = 0;
  fill(&value, sizeof value);
  return value;
}

std::uint64_t random_below(std::uint64_t bound) {
  assert(bound > 0);
  return random_u64() % bound;
}

Duration random_duration(Duration from, Duration to) {
  assert(from <= to);
  return from + Duration(static_cast<Duration::rep>(random_below(static_cast<std::uint64_t>((to - from).count()) + 1)));
}

}  // namespace breakwater
