// SPDX-License-Identifier: Apache-2.0
// What writer and reader of common/wire must agree on, beyond messages.h. Internal to common/wire.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "common/base/clock.h"

namespace breakwater::wire {

inline constexpr std::size_t kIdBytes = 16;

// 9999-12-31T23:59:59: far from where arithmetic on times would overflow.
inline constexpr std::int64_t kLatestSeconds = 253'402'300'799;
inline constexpr std::int64_t kLatestMs = kLatestSeconds * 1000 + 999;

// A row of SNAPCHUNK: u8 op, with the top bit set for IPv6; u8 prefix length; 5 bytes `until` in seconds, big-endian,
// all ones = no end; 4 or 16 bytes of address.
inline constexpr unsigned kPackedV6 = 0x80;
inline constexpr std::uint64_t kPackedForever = 0xff'ffff'ffff;
inline constexpr std::size_t kPackedHead = 7;
inline constexpr std::size_t kPackedRowV4 = kPackedHead + 4;
inline constexpr std::size_t kPackedRowV6 = kPackedHead + 16;

// Rounded up: a ban never ends before it should. `at` is not kForever.
inline std::uint64_t until_seconds(Timestamp at) {
  const std::int64_t ms = std::clamp<std::int64_t>(to_unix_ms(at), 0, kLatestMs);
  return static_cast<std::uint64_t>(std::min((ms + 999) / 1000, kLatestSeconds));
}

inline bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace breakwater::wire
