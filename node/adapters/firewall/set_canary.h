// SPDX-License-Identifier: Apache-2.0
// Notices in microseconds that a set was emptied. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "common/base/address.h"
#include "common/base/clock.h"

namespace breakwater {

// Nobody tells when a set of the kernel is flushed, and counting its elements walks them all. So one ban that must
// still be there is looked up: the canary. A longer one takes its place only after the canary was seen alive, else a
// ban that came right after the flush would hide it.
//
// Sees a set that lost everything; not a single element that somebody took out by hand (the caller's regular
// comparison with Firewall::list() is for that).
class SetCanary {
 public:
  // until: when the kernel lets it go; Tick::max() = never.
  void added(const Prefix& who, Tick until) {
    if (canary_ && canary_->who == who) canary_->until = until;
    if (!next_ || next_->who == who || until > next_->until) next_ = Bird{who, until};
  }
  void lifted(const Prefix& who) {
    if (next_ && next_->who == who) next_.reset();
    if (canary_ && canary_->who == who) canary_.reset();
  }

  // Whom to look for now; nullopt if nobody is known who must still be there.
  std::optional<Prefix> wanted(Tick now) {
    if (canary_ && canary_->until < now + kSlack) canary_.reset();
    if (!canary_) canary_ = std::exchange(next_, std::nullopt);
    if (canary_ && canary_->until < now + kSlack) canary_.reset();
    return canary_ ? std::optional(canary_->who) : std::nullopt;
  }
  void seen() {
    if (next_ && canary_ && next_->until > canary_->until) std::swap(canary_, next_);
  }
  void lost() {
    canary_.reset();
    next_.reset();
  }

 private:
  // The kernel counts in its own seconds.
  static constexpr Duration kSlack{2000};
  struct Bird {
    Prefix who;
    Tick until;
  };
  std::optional<Bird> canary_;
  std::optional<Bird> next_;  // the longest of the others
};

}  // namespace breakwater
