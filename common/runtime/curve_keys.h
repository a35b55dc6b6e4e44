// SPDX-License-Identifier: Apache-2.0
// CURVE keys and the files that hold them.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace breakwater {

inline constexpr std::size_t kCurveKeyBytes = 32;

// Whom a key belongs to is public; on a hub it is written into nodes.d/NAME.pub. The hub's own public key is a
// capability (who does not know it fails at the first packet): it is given to nodes and operators only.
class PublicKey {
 public:
  PublicKey() = default;  // all zero: nobody's
  // 64 hex digits, either case, white space around them. Hex, not Z85: that alphabet holds { } $ % # &, which
  // templates and shells evaluate.
  static Result<PublicKey> from_hex(std::string_view text);
  // Exactly 32 bytes.
  static Result<PublicKey> from_bytes(std::string_view bytes);

  std::string hex() const;
  // Its first 16 hex digits: tells keys apart before people and scripts, and cannot be dialled with.
  std::string id() const { return hex().substr(0, 16); }
  std::span<const std::uint8_t> bytes() const { return bytes_; }
  auto operator<=>(const PublicKey&) const = default;

 private:
  std::array<std::uint8_t, kCurveKeyBytes> bytes_{};
};

// Wiped when it goes. Never logged, never sent: it leaves this class only towards the socket and its own file.
class SecretKey {
 public:
  SecretKey() = default;
  static Result<SecretKey> from_hex(std::string_view text);
  static Result<SecretKey> from_bytes(std::string_view bytes);
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey();

  std::span<const std::uint8_t> bytes() const { return bytes_; }
  bool operator==(const SecretKey&) const = default;

 private:
  std::array<std::uint8_t, kCurveKeyBytes> bytes_{};
};

struct CurveKeys {
  PublicKey public_key;
  SecretKey secret_key;
  bool operator==(const CurveKeys&) const = default;
};

// A fresh pair. Ends the process if the kernel has no randomness.
CurveKeys generate_keys();
// The public key that belongs to a secret one.
Result<PublicKey> public_key_of(const SecretKey& secret);

// Makes a pair and writes it: the secret key to `path` (mode 0600), the public one to `path`.pub (0644), each a line of
// 64 hex digits under a comment. Never overwrites: an existing file is an error.
Result<CurveKeys> generate_key_files(const std::string& path);

// Reads a secret key file; the public key is computed. Refuses a file that group or others may read or write, or that
// belongs to neither root nor us; the error says what to do.
Result<CurveKeys> read_secret_key(const std::string& path);

// A public key as an operator writes it: 64 hex digits, or the path of a .pub file.
Result<PublicKey> read_public_key(const std::string& file_or_hex);

// The lines of a key file without comments (#) and blank ones. At most 64 KiB are read.
Result<std::string> key_lines(const std::string& path);

}  // namespace breakwater

template <>
struct std::hash<breakwater::PublicKey> {
  // Keys are uniformly distributed: any eight bytes will do. (The peer chooses them, but only enrolled ones are
  // stored.)
  std::size_t operator()(const breakwater::PublicKey& key) const noexcept {
    std::size_t value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i)
      value = value << 8 | key.bytes()[i];
    return value;
  }
};
