// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/curve_keys.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <zmq.h>

#include "common/base/text.h"
#include "common/base/unique_fd.h"
#include "common/log/log.h"

namespace breakwater {
namespace {

constexpr std::size_t kZ85Text = 41;  // 40 characters and a NUL, zmq_z85_encode(3)
constexpr std::size_t kMaxKeyFile = 64 * 1024;

template <class Key, class Bytes>
Result<Key> from_exactly_32(Bytes& out, std::string_view bytes, Key& key) {
  if (bytes.size() != kCurveKeyBytes) return Error("a key has 32 bytes, not " + std::to_string(bytes.size()));
  std::memcpy(out.data(), bytes.data(), kCurveKeyBytes);
  return key;
}

Result<std::string> hex_to_bytes(std::string_view text) {
  text = trimmed(text);
  auto bytes = from_hex(text);
  if (!bytes || bytes->size() != kCurveKeyBytes) return Error("a key is 64 hex digits");
  return bytes;
}

Result<void> write_new(const std::string& path, mode_t mode, const std::string& text) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return system_error("writing " + path);
  if (::fchmod(fd.get(), mode) != 0) return system_error("writing " + path);  // whatever the umask
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) || ::fsync(fd.get()) != 0) {
    const Error error = system_error("writing " + path);
    ::unlink(path.c_str());
    return error;
  }
  return {};
}

Result<std::string> read_all(int fd, const std::string& path) {
  std::string text(kMaxKeyFile, '\0');
  std::size_t used = 0;
  while (used < text.size()) {
    const ssize_t got = ::read(fd, text.data() + used, text.size() - used);
    if (got < 0) return system_error("reading " + path);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  text.resize(used);
  return text;
}

std::string without_comments(std::string_view text) {
  std::string lines;
  for (const std::string_view line : split(text, '\n')) {
    const auto content = trimmed(line.substr(0, line.find('#')));
    if (!content.empty()) (lines += content) += '\n';
  }
  return lines;
}

Result<void> check_private(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return system_error("reading " + path);
  if (!S_ISREG(info.st_mode)) return Error(path + " is not a regular file");
  if ((info.st_mode & 077) != 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(info.st_mode & 07777));
    return Error(path + " holds a secret key, but others may open it (mode " + mode + "): run chmod 600 " + path);
  }
  if (info.st_uid != 0 && info.st_uid != ::geteuid()) return Error(path + " belongs to another user");
  return {};
}

}  // namespace

Result<PublicKey> PublicKey::from_bytes(std::string_view bytes) {
  PublicKey key;
  return from_exactly_32(key.bytes_, bytes, key);
}

Result<PublicKey> PublicKey::from_hex(std::string_view text) {
  const auto bytes = hex_to_bytes(text);
  if (!bytes) return bytes.error();
  return from_bytes(*bytes);
}

std::string PublicKey::hex() const {
  return to_hex(bytes());
}

SecretKey::~SecretKey() {
  ::explicit_bzero(bytes_.data(), bytes_.size());
}

Result<SecretKey> SecretKey::from_bytes(std::string_view bytes) {
  SecretKey key;
  return from_exactly_32(key.bytes_, bytes, key);
}

Result<SecretKey> SecretKey::from_hex(std::string_view text) {
  auto bytes = hex_to_bytes(text);
  if (!bytes) return bytes.error();
  auto key = from_bytes(*bytes);
  ::explicit_bzero(bytes->data(), bytes->size());
  return key;
}

CurveKeys generate_keys() {
  char public_text[kZ85Text], secret_text[kZ85Text];
  std::uint8_t public_bytes[kCurveKeyBytes], secret_bytes[kCurveKeyBytes];
  if (zmq_curve_keypair(public_text, secret_text) != 0 || zmq_z85_decode(public_bytes, public_text) == nullptr ||
      zmq_z85_decode(secret_bytes, secret_text) == nullptr) {
    log_error("this libzmq was built without CURVE", {{"error", zmq_strerror(zmq_errno())}});
    std::abort();
  }
  const auto text = [](const std::uint8_t* bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes), kCurveKeyBytes);
  };
  CurveKeys keys{*PublicKey::from_bytes(text(public_bytes)), *SecretKey::from_bytes(text(secret_bytes))};
  ::explicit_bzero(secret_text, sizeof secret_text);
  ::explicit_bzero(secret_bytes, sizeof secret_bytes);
  return keys;
}

Result<PublicKey> public_key_of(const SecretKey& secret) {
  char secret_text[kZ85Text], public_text[kZ85Text];
  std::uint8_t bytes[kCurveKeyBytes];
  zmq_z85_encode(secret_text, secret.bytes().data(), kCurveKeyBytes);
  const bool ok = zmq_curve_public(public_text, secret_text) == 0 && zmq_z85_decode(bytes, public_text) != nullptr;
  ::explicit_bzero(secret_text, sizeof secret_text);
  if (!ok) return Error("not a CURVE secret key");
  return PublicKey::from_bytes({reinterpret_cast<const char*>(bytes), sizeof bytes});
}

Result<CurveKeys> generate_key_files(const std::string& path) {
  CurveKeys keys = generate_keys();
  std::string secret = "# breakwater secret key: never leaves this machine\n" + to_hex(keys.secret_key.bytes()) + "\n";
  auto written = write_new(path, 0600, secret);
  ::explicit_bzero(secret.data(), secret.size());
  if (!written) return written.error();
  written = write_new(path + ".pub", 0644, "# breakwater public key\n" + keys.public_key.hex() + "\n");
  if (!written) {
    ::unlink(path.c_str());
    return written.error();
  }
  return keys;
}

Result<CurveKeys> read_secret_key(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return system_error("reading " + path);
  if (auto safe = check_private(fd.get(), path); !safe) return safe.error();
  auto text = read_all(fd.get(), path);
  if (!text) return text.error();
  const auto secret = SecretKey::from_hex(without_comments(*text));
  ::explicit_bzero(text->data(), text->size());
  if (!secret) return secret.error().within(path);
  const auto public_key = public_key_of(*secret);
  if (!public_key) return public_key.error().within(path);
  return CurveKeys{*public_key, *secret};
}

Result<std::string> key_lines(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return system_error("reading " + path);
  const auto text = read_all(fd.get(), path);
  if (!text) return text.error();
  return without_comments(*text);
}

Result<PublicKey> read_public_key(const std::string& file_or_hex) {
  if (auto key = PublicKey::from_hex(file_or_hex)) return key;
  if (file_or_hex.find('/') == std::string::npos && file_or_hex.size() == 2 * kCurveKeyBytes) {
    return Error("neither 64 hex digits nor a file: " + escaped(file_or_hex));
  }
  const auto lines = key_lines(file_or_hex);
  if (!lines) return lines.error();
  const auto key = PublicKey::from_hex(*lines);
  if (!key) return key.error().within(file_or_hex);
  return key;
}

}  // namespace breakwater
