// SPDX-License-Identifier: Apache-2.0
// The file of the local admins' socket.
#pragma once

#include <string>

#include "common/base/result.h"

namespace breakwater {

// Before bind: makes the directory (0750) if it is missing and removes a socket that nobody listens at any more.
// libzmq would take over any file without asking, so an error: a living hub's socket, or a file that is no socket.
Result<void> prepare_local_path(const std::string& path);

// After bind: mode 0660, and the group if `group` is not empty.
Result<void> restrict_local_path(const std::string& path, const std::string& group);

}  // namespace breakwater
