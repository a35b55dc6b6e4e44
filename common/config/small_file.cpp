// SPDX-License-Identifier: Apache-2.0
#include "common/config/small_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/unique_fd.h"

namespace breakwater {

Result<std::string> read_small_file(const std::string& path, std::size_t limit) {
  const std::string shown = escaped(path);
  if (path.find('\0') != std::string::npos) return Error(shown + " is not a file name");
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return system_error("opening " + shown);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return system_error("reading " + shown);
  if (!S_ISREG(info.st_mode)) return Error(shown + " is not a regular file");

  std::string bytes;
  for (;;) {
    char buffer[16384];
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("reading " + shown);
    if (got == 0) return bytes;
    bytes.append(buffer, static_cast<std::size_t>(got));
    if (bytes.size() > limit) return Error(shown + " is larger than " + std::to_string(limit) + " bytes");
  }
}

}  // namespace breakwater
