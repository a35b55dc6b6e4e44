// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/gate/local_path.h"

#include <cstring>
#include <filesystem>
#include <vector>

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/unique_fd.h"

namespace breakwater {
namespace {

Result<bool> somebody_listens(const std::string& path) {
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return system_error("socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
  if (errno == ECONNREFUSED) return false;
  return system_error("looking who listens at " + path);
}

Result<void> make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  if (directory.empty() || std::filesystem::is_directory(directory, error)) return {};
  std::filesystem::create_directories(directory.parent_path(), error);
  if (error) return Error(error.message()).within("making " + directory.string());
  if (::mkdir(directory.c_str(), 0750) != 0) return system_error("making " + directory.string());
  return {};
}

}  // namespace

Result<void> prepare_local_path(const std::string& path) {
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Error("\"" + path + "\" is too long (or too short) for a socket");
  }
  if (auto made = make_directory(std::filesystem::path(path).parent_path()); !made) return made;
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? Result<void>() : Result<void>(system_error("looking at " + path));
  }
  if (!S_ISSOCK(info.st_mode)) return Error(path + " exists and is not a socket: remove it, or choose another place");
  const auto alive = somebody_listens(path);
  if (!alive) return alive.error();
  if (*alive) return Error("another hub is listening at " + path);
  if (::unlink(path.c_str()) != 0) return system_error("removing the stale " + path);
  return {};
}

Result<void> restrict_local_path(const std::string& path, const std::string& group) {
  if (!group.empty()) {
    ::group entry{};
    ::group* found = nullptr;
    std::vector<char> buffer(16 * 1024);
    if (::getgrnam_r(group.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
      return Error("there is no group \"" + group + "\"");
    }
    if (::chown(path.c_str(), static_cast<uid_t>(-1), found->gr_gid) != 0) return system_error("changing " + path);
  }
  if (::chmod(path.c_str(), 0660) != 0) return system_error("changing " + path);
  return {};
}

}  // namespace breakwater
