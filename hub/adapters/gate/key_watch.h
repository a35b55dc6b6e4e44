// SPDX-License-Identifier: Apache-2.0
// Tells when key files change.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/base/unique_fd.h"
#include "common/runtime/reactor.h"
#include "hub/adapters/gate/key_ring.h"

namespace breakwater {

// Calls back on the reactor's thread, shortly after files in the folders came, went or changed; many changes
// at once are one call. Makes folders that are missing (an empty one can be watched, none cannot).
class KeyWatch {
 public:
  static Result<KeyWatch> start(Reactor& reactor, const KeyFolders& folders, std::function<void()> on_change);
  KeyWatch(KeyWatch&&) noexcept;
  KeyWatch& operator=(KeyWatch&&) = delete;
  ~KeyWatch();

 private:
  struct State;
  explicit KeyWatch(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace breakwater
