// SPDX-License-Identifier: Apache-2.0
// Brings spooled offences to the hub.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/wire/messages.h"

namespace breakwater {

// Decides which stored offences go out next. Everything it sends is on disk already; what it remembers is only a
// window of it (at most kInMemory): a long queue is read back from disk piece by piece. Pure, not thread-safe.
//
// The hub acknowledges what it holds durably. A connection that comes back starts at the hub's acknowledgement; what
// was sent twice is dropped there by its nseq.
class SpoolCourier {
 public:
  static constexpr std::size_t kInMemory = 2000;
  // A batch that stays unacknowledged this long is sent again.
  static constexpr Duration kResendAfter = std::chrono::seconds(30);

  SpoolCourier(std::string spool, std::uint64_t last_nseq, std::uint64_t acked);

  // The number of the next offence; unique in this spool.
  std::uint64_t next_nseq() { return ++last_; }
  // It is on disk now and may be sent.
  void stored(const wire::Offence& offence);

  // hub_acked <= last_nseq().
  void connected(std::uint64_t hub_acked, std::uint16_t credit, std::uint16_t batch_max);
  void disconnected() { online_ = false; }
  void acknowledged(std::uint64_t nseq, std::uint16_t credit, Tick now);

  // What to send now; nullopt: nothing, or the credit is used up, or the disk must be read first (see wants).
  std::optional<wire::OffenceBatch> next_batch(Tick now);
  // Set if offences behind this nseq must be read from disk now, at most kInMemory of them; read_back() answers. Asked
  // again after a tick if it did not.
  std::optional<std::uint64_t> take_wish();
  void read_back(std::vector<wire::Offence> offences);
  // The last batch could not be sent: it goes again after the next acknowledgement or connection.
  void send_failed();
  void on_tick(Tick now);

  // Starts a new numbering under a new name: the old spool's tail was lost (the hub knows more than the disk).
  void restart(std::string spool);

  const std::string& spool() const { return spool_; }
  std::uint64_t last_nseq() const { return last_; }
  std::uint64_t acked() const { return acked_; }
  std::uint64_t depth() const { return stored_ - acked_; }  // at most: dropped ones count until they are passed

 private:
  std::string spool_;
  std::uint64_t last_;    // given out
  std::uint64_t stored_;  // on disk up to here
  std::uint64_t acked_;
  std::uint64_t sent_;
  std::deque<wire::Offence> window_;  // consecutive part of what is on disk, behind sent_
  bool complete_ = true;              // window_ reaches to stored_
  bool online_ = false;
  bool reading_ = false;
  std::uint16_t credit_ = 0;
  std::uint16_t batch_max_ = 1;
  std::deque<std::uint64_t> outstanding_;  // last nseq of each unacknowledged batch
  Tick progress_{};                        // of the last send into an empty pipe, or acknowledgement
};

}  // namespace breakwater
