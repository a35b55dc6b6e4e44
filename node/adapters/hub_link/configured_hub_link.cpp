// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/hub_link/configured_hub_link.h"

#include <algorithm>
#include <utility>

#include "common/log/log.h"

namespace breakwater {

namespace {

bool same_keys(std::vector<PublicKey> a, std::vector<PublicKey> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

}  // namespace

ConfiguredHubLink::~ConfiguredHubLink() {
  reactor_.cancel(take_over_timer_);
}

Result<void> ConfiguredHubLink::use(std::optional<ZmqHubLink::Options> options) {
  reactor_.cancel(std::exchange(take_over_timer_, 0));
  const bool same_hub = current_ && options && current_options_->endpoint == options->endpoint;
  if (same_hub && current_options_->keys == options->keys) {
    next_.reset();
    if (!same_keys(current_options_->hub_keys, options->hub_keys)) current_->set_hub_keys(options->hub_keys);
    current_options_ = std::move(options);
    return {};
  }
  if (same_hub && next_ && next_options_->keys == options->keys &&
      same_keys(next_options_->hub_keys, options->hub_keys)) {
    return {};  // it is being tried
  }
  if (!current_ && !options) return {};
  LinkPtr link;
  if (options) {
    auto made = make(*options);
    if (!made) return made.error();
    link = std::move(*made);
  }
  const auto in_use = hub_key();
  const bool hub_is_still_good =
      same_hub && in_use && std::count(options->hub_keys.begin(), options->hub_keys.end(), *in_use) > 0;
  if (hub_is_still_good) {
    next_options_ = std::move(options);
    begin_beside(std::move(link));
  } else {
    current_options_ = std::move(options);
    begin(std::move(link));
  }
  return {};
}

Result<ConfiguredHubLink::LinkPtr> ConfiguredHubLink::make(const ZmqHubLink::Options& options) {
  return ZmqHubLink::create(reactor_, options);
}

void ConfiguredHubLink::begin(LinkPtr link) {
  next_.reset();
  const bool was_there = current_ != nullptr;
  current_ = std::move(link);
  if (was_there) state_callback_(LinkState::down, current_ ? "the configuration has changed" : "no hub is configured");
  if (!current_) return;
  listen(*current_);
  current_->start();
}

void ConfiguredHubLink::begin_beside(LinkPtr link) {
  next_ = std::move(link);
  listen(*next_);
  next_->start();
}

void ConfiguredHubLink::listen(ZmqHubLink& link) {
  link.on_message([this, from = &link](wire::Message message) {
    if (from == current_.get()) message_callback_(std::move(message));  // a hub says nothing before HELLO
  });
  link.on_state([this, from = &link](LinkState state, const std::string& why) {
    if (from == next_.get()) return on_state_beside(state, why);
    state_callback_(state, why);
    // The old key is not wanted any more: once its connection is gone, only the new one is tried. Not from here, within
    // the link that ends by it.
    if (!next_ || state == LinkState::up || take_over_timer_ != 0) return;
    take_over_timer_ = reactor_.after(Duration(0), [this] {
      take_over_timer_ = 0;
      if (next_) take_over("the connection was lost");
    });
  });
}

void ConfiguredHubLink::on_state_beside(LinkState state, const std::string& why) {
  if (state == LinkState::up) return take_over("connected with the new key");
  log_warning("the new key is not in use yet: the connection made with the old one stays", {{"why", why}});
}

void ConfiguredHubLink::take_over(const std::string& why) {
  current_ = std::move(next_);
  current_options_ = std::move(next_options_);
  state_callback_(current_->state(), why);
}

void ConfiguredHubLink::reconnect(Duration after) {
  if (current_) current_->reconnect(after);
}

std::vector<PublicKey> ConfiguredHubLink::hub_keys() const {
  const auto& options = next_ ? next_options_ : current_options_;
  return options ? options->hub_keys : std::vector<PublicKey>();
}

}  // namespace breakwater
