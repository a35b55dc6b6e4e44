// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/logs/docker_api.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <unistd.h>

#include "common/base/text.h"

namespace breakwater {

namespace {

constexpr std::size_t kMaxEvent = 1024 * 1024;
constexpr std::size_t kInspectsAtOnce = 6;
// The daemon answers the stream's headers a moment before it subscribes: ask for the last seconds, too.
constexpr std::chrono::seconds kEventsBack{5};

// filters={"type":["container","network"],"event":[...]}, URL-encoded.
constexpr const char* kEventFilters =
    "%7B%22type%22%3A%5B%22container%22%2C%22network%22%5D%2C%22event%22%3A%5B%22create%22%2C%22start%22%2C%22die%22%2C"
    "%22destroy%22%2C%22rename%22%2C%22update%22%2C%22connect%22%5D%7D";

std::string refusal(const Result<HttpReply>& reply) {
  if (!reply) return reply.error().message();
  return "HTTP " + std::to_string(reply->status) + " " + escaped(reply->body, 200);
}

bool good(const Result<HttpReply>& reply) {
  return reply && reply->status == 200;
}

}  // namespace

DockerApi::DockerApi(Reactor& reactor, const Clock& clock, std::string socket, ContainerEvents events,
                     std::function<void(bool, const std::string&)> on_connected)
    : reactor_(reactor),
      clock_(clock),
      socket_(std::move(socket)),
      events_(std::move(events)),
      on_connected_(std::move(on_connected)),
      curl_(reactor, socket_) {}

DockerApi::~DockerApi() {
  reactor_.cancel(retry_timer_);
}

void DockerApi::start() {
  connect();
}

void DockerApi::connect() {
  partial_event_.clear();
  to_inspect_.clear();
  listed_.clear();
  removed_meanwhile_.clear();
  asked_ = answered_ = 0;
  curl_.get("/_ping", [this](const Result<HttpReply>& reply) {
    if (!good(reply)) return lost("ping: " + refusal(reply));
    const auto header = reply->headers.find("api-version");
    const auto newest = header == reply->headers.end() ? std::nullopt : ApiVersion::parse(header->second);
    // A daemon that is no newer than we are understands its own newest version.
    if (newest && *newest <= kNewestApi) return use_version({0, 0}, *newest);
    ask_version();
  });
}

void DockerApi::ask_version() {
  curl_.get("/version", [this](const Result<HttpReply>& reply) {
    if (!good(reply)) return lost("version: " + refusal(reply));
    const DaemonVersion daemon = parse_version(reply->body);
    if (!daemon.newest) return lost("version: no ApiVersion in the answer");
    use_version(daemon.oldest.value_or(ApiVersion{0, 0}), *daemon.newest);
  });
}

void DockerApi::use_version(ApiVersion oldest, ApiVersion newest) {
  const auto agreed = negotiate(oldest, newest);
  if (!agreed) return lost(agreed.error().message());
  version_ = *agreed;
  open_events();
}

void DockerApi::open_events() {
  const std::int64_t since = to_unix_ms(clock_.wall() - kEventsBack) / 1000;
  curl_.stream(
      versioned("/events?since=" + std::to_string(since) + "&filters=" + kEventFilters),
      [this](long status) { status == 200 ? list() : lost("events: HTTP " + std::to_string(status)); },
      [this](std::string_view bytes) { on_data(bytes); },
      [this](const Result<HttpReply>& reply) { lost("events ended: " + (reply ? "" : reply.error().message())); });
}

void DockerApi::list() {
  curl_.get(versioned("/containers/json?all=1"), [this](const Result<HttpReply>& reply) {
    if (!good(reply)) return lost("list: " + refusal(reply));
    auto ids = parse_container_ids(reply->body);
    if (!ids) return lost("list: the answer is no list");
    inspect_listed(std::move(*ids));
  });
}

void DockerApi::inspect_listed(std::vector<std::string> ids) {
  to_inspect_ = std::move(ids);
  if (to_inspect_.size() > kMaxContainers) to_inspect_.resize(kMaxContainers);
  if (to_inspect_.empty()) return networks_first();
  for (std::size_t i = 0; i < kInspectsAtOnce; ++i)
    inspect_next();
}

void DockerApi::inspect_next() {
  if (asked_ >= to_inspect_.size()) return;
  const std::string id = to_inspect_[asked_++];
  curl_.get(versioned("/containers/" + id + "/json"), [this](const Result<HttpReply>& reply) {
    if (!reply) return lost("inspect: " + refusal(reply));
    auto info = reply->status == 200 ? parse_inspect(reply->body) : std::nullopt;
    if (info && !is_listed(info->id)) listed_.push_back(std::move(*info));  // else: an event brought a newer answer
    if (!info && reply->status != 404) ++counters_.bad_answers;             // 404: removed since
    if (++answered_ == to_inspect_.size()) return networks_first();
    inspect_next();
  });
}

// Before any line of a container is read, the never-ban list must know Docker's gateways.
void DockerApi::networks_first() {
  ask_networks([this] { complete(); });
}

void DockerApi::complete() {
  std::erase_if(listed_, [&](const ContainerInfo& info) { return removed_meanwhile_.contains(info.id); });
  removed_meanwhile_.clear();
  connected_ = true;
  problem_.clear();
  retry_ = kFirstRetry;
  ++counters_.connects;
  events_.all(std::exchange(listed_, {}));
  on_connected_(true, "");
}

bool DockerApi::is_listed(const std::string& id) const {
  return std::any_of(listed_.begin(), listed_.end(), [&](const ContainerInfo& info) { return info.id == id; });
}

void DockerApi::ask_networks(std::function<void()> then) {
  curl_.get(versioned("/networks"), [this, then = std::move(then)](const Result<HttpReply>& reply) {
    auto networks = good(reply) ? parse_networks(reply->body) : std::nullopt;
    if (networks) {
      events_.networks(std::move(*networks));
    } else {
      ++counters_.bad_answers;
    }
    then();
  });
}

void DockerApi::on_data(std::string_view bytes) {
  partial_event_ += bytes;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = partial_event_.find('\n', begin);
    if (end == std::string::npos) break;
    const std::string_view text = trimmed(std::string_view(partial_event_).substr(begin, end - begin));
    begin = end + 1;
    if (text.empty()) continue;
    if (const auto event = parse_event(text)) {
      on_event(*event);
    } else {
      ++counters_.bad_answers;
    }
  }
  partial_event_.erase(0, begin);
  if (partial_event_.size() > kMaxEvent) lost("events: an event without end");
}

void DockerApi::on_event(const DockerEvent& event) {
  ++counters_.events;
  if (event.type == "network") {
    if (connected_) ask_networks([] {});
    return;
  }
  if (event.type != "container" || !is_container_id(event.id)) return;
  if (event.action == "destroy") {
    if (!connected_) removed_meanwhile_.insert(event.id);
    return events_.removed(event.id);
  }
  if (event.action == "die") return events_.ended(event.id);
  refresh(event.id);
}

void DockerApi::refresh(const std::string& id) {
  curl_.get(versioned("/containers/" + id + "/json"), [this](const Result<HttpReply>& reply) {
    if (!reply || reply->status == 404) return;  // removed since; a lost daemon shows at the event stream
    auto info = reply->status == 200 ? parse_inspect(reply->body) : std::nullopt;
    if (!info) {
      ++counters_.bad_answers;
      return;
    }
    // The first view may be older than this answer.
    if (!connected_) {
      std::erase_if(listed_, [&](const ContainerInfo& other) { return other.id == info->id; });
      listed_.push_back(*info);
    }
    events_.changed(std::move(*info));
  });
}

void DockerApi::lost(const std::string& why) {
  curl_.cancel_all();
  version_.reset();
  // Of a socket that cannot be opened curl says no more than that.
  const bool reachable = ::access(socket_.c_str(), R_OK | W_OK) == 0;
  problem_ = "Docker API at " + socket_ + ": " + (reachable ? why : std::strerror(errno));
  if (std::exchange(connected_, false)) ++counters_.disconnects;
  on_connected_(false, problem_);
  reactor_.cancel(retry_timer_);
  retry_timer_ = reactor_.after(retry_, [this] { connect(); });
  retry_ = std::min(retry_ * 2, kLastRetry);
}

}  // namespace breakwater
