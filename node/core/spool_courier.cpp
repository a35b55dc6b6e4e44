// SPDX-License-Identifier: Apache-2.0
#include "node/core/spool_courier.h"

#include <algorithm>

namespace breakwater {

SpoolCourier::SpoolCourier(std::string spool, std::uint64_t last_nseq, std::uint64_t acked)
    : spool_(std::move(spool)),
      last_(last_nseq),
      stored_(last_nseq),
      acked_(acked),
      sent_(acked),
      complete_(last_nseq == acked) {}

void SpoolCourier::stored(const wire::Offence& offence) {
  stored_ = offence.nseq;
  if (!complete_) return;
  if (window_.size() >= kInMemory) {
    complete_ = false;
    return;
  }
  window_.push_back(offence);
}

void SpoolCourier::connected(std::uint64_t hub_acked, std::uint16_t credit, std::uint16_t batch_max) {
  online_ = true;
  // Less than it acknowledged once: the hub came back from a backup. What is still on our disk goes again.
  acked_ = hub_acked;
  credit_ = std::max<std::uint16_t>(credit, 1);
  batch_max_ = std::clamp<std::uint16_t>(batch_max, 1, wire::kMaxOffencesPerBatch);
  outstanding_.clear();
  // What was sent before and not acknowledged must go again, and is no longer in the window: from disk.
  if (sent_ != acked_) {
    window_.clear();
    complete_ = false;
    reading_ = false;
    sent_ = acked_;
  }
  if (sent_ >= stored_) {
    window_.clear();
    complete_ = true;
  }
}

void SpoolCourier::acknowledged(std::uint64_t nseq, std::uint16_t credit, Tick now) {
  credit_ = std::max<std::uint16_t>(credit, 1);
  if (nseq > last_ || nseq <= acked_) return;
  acked_ = nseq;
  sent_ = std::max(sent_, acked_);
  progress_ = now;
  while (!outstanding_.empty() && outstanding_.front() <= acked_)
    outstanding_.pop_front();
}

std::optional<wire::OffenceBatch> SpoolCourier::next_batch(Tick now) {
  while (!window_.empty() && window_.front().nseq <= sent_)
    window_.pop_front();
  if (!online_ || window_.empty() || outstanding_.size() >= credit_) return std::nullopt;
  wire::OffenceBatch batch{spool_, sent_, {}};
  while (!window_.empty() && batch.offences.size() < batch_max_) {
    batch.offences.push_back(std::move(window_.front()));
    window_.pop_front();
  }
  if (outstanding_.empty()) progress_ = now;
  sent_ = batch.offences.back().nseq;
  outstanding_.push_back(sent_);
  return batch;
}

std::optional<std::uint64_t> SpoolCourier::take_wish() {
  if (!online_ || complete_ || reading_ || !window_.empty()) return std::nullopt;
  reading_ = true;
  return sent_;
}

void SpoolCourier::read_back(std::vector<wire::Offence> offences) {
  reading_ = false;
  // Less than asked for: that was all there is.
  if (offences.size() < kInMemory) complete_ = true;
  for (wire::Offence& offence : offences) {
    if (offence.nseq > sent_ && (window_.empty() || offence.nseq > window_.back().nseq)) {
      window_.push_back(std::move(offence));
    }
  }
}

void SpoolCourier::send_failed() {
  if (outstanding_.empty()) return;
  outstanding_.clear();
  sent_ = acked_;
  window_.clear();
  complete_ = sent_ >= stored_;
  reading_ = false;
}

void SpoolCourier::on_tick(Tick now) {
  reading_ = false;
  if (online_ && !outstanding_.empty() && now - progress_ > kResendAfter) {
    progress_ = now;
    send_failed();
  }
}

void SpoolCourier::restart(std::string spool) {
  spool_ = std::move(spool);
  last_ = stored_ = acked_ = sent_ = 0;
  window_.clear();
  outstanding_.clear();
  complete_ = true;
  reading_ = false;
}

}  // namespace breakwater
