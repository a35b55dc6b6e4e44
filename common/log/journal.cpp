// SPDX-License-Identifier: Apache-2.0
#include "common/log/journal.h"

#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>

namespace breakwater {

namespace {

// NAME=value, or with the length before it where a line end would begin another field.
void put(std::string& entry, std::string_view name, std::string_view value) {
  entry += name;
  if (value.find('\n') == std::string_view::npos) {
    entry += '=';
  } else {
    entry += '\n';
    for (std::uint64_t size = value.size(), byte = 0; byte < 8; ++byte)
      entry += static_cast<char>(size >> (8 * byte) & 0xff);
  }
  entry += value;
  entry += '\n';
}

std::string field_name(std::string_view key) {
  std::string name = "BREAKWATER_";
  for (const char c : key) {
    const bool fits = static_cast<unsigned char>(c) < 0x80 && std::isalnum(static_cast<unsigned char>(c)) != 0;
    name += fits ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : '_';
  }
  return name;
}

}  // namespace

std::string journal_entry(LogLevel level, std::string_view event, std::span<const LogField> fields,
                          std::string_view program) {
  std::string line(event);
  for (const LogField& field : fields)
    line += " " + field.text();
  std::string entry;
  put(entry, "MESSAGE", line);
  put(entry, "PRIORITY", std::to_string(static_cast<int>(level)));
  put(entry, "SYSLOG_IDENTIFIER", program);
  put(entry, "BREAKWATER_EVENT", event);
  for (const LogField& field : fields)
    put(entry, field_name(field.key()), field.value());
  return entry;
}

JournalSocket::JournalSocket(std::string path) : path_(std::move(path)) {
  if (path_.size() < sizeof(sockaddr_un::sun_path)) fd_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

bool JournalSocket::send(const std::string& entry) const {
  if (!fd_) return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  const auto sent = ::sendto(fd_.get(), entry.data(), entry.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                             reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return sent == static_cast<ssize_t>(entry.size());
}

}  // namespace breakwater
