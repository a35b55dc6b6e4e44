// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/hub_link/zmq_hub_link.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <zmq.hpp>

#include "common/log/log.h"
#include "common/runtime/client_socket.h"
#include "common/runtime/endpoint.h"
#include "common/runtime/random.h"
#include "common/runtime/system_clock.h"
#include "common/wire/codec.h"

namespace breakwater {
namespace {

constexpr int kFramesPerWake = 1000;
// A connection that lasted this long was a good one: the next attempts start quickly again.
constexpr Duration kStable = std::chrono::seconds(5);
// Below libzmq's HANDSHAKE_IVL of 30 s: an attempt that failed later than this timed out.
constexpr Duration kHandshakeTimeout = std::chrono::seconds(25);
// After a refusal of our key: it may be enrolled a moment later. Doubles up to Options::unauthorised_wait.
constexpr Duration kFirstRefusal = std::chrono::seconds(1);
// A hub that stops in the middle of one handshake looks like a wrong key; two in a row are no accident.
constexpr int kBrokenHandshakes = 2;

}  // namespace

struct ZmqHubLink::State {
  State(Reactor& loop, Options given, TcpEndpoint where, NameResolver names)
      : reactor(loop), options(std::move(given)), endpoint(std::move(where)), resolver(std::move(names)) {}
  ~State() {
    reactor.cancel(timer);
    close();
  }

  void attempt();
  void on_addresses(Result<std::vector<std::string>> found);
  void dial();
  void dial_again();
  void close();
  void on_events();
  void on_frames();
  void deliver(zmq::message_t& frame);
  void ended(ConnectOutcome outcome);
  void set_state(LinkState to, std::string why);
  void try_again_in(Duration delay);
  Duration next_wait();

  Reactor& reactor;
  Options options;
  TcpEndpoint endpoint;
  NameResolver resolver;
  SystemClock clock;
  zmq::context_t context;

  std::function<void(wire::Message)> message_callback;
  std::function<void(LinkState, std::string)> state_callback;

  std::optional<ClientSocket> socket;
  std::uint64_t generation = 0;        // of `socket`: a callback may have replaced it
  std::vector<std::string> addresses;  // still to be tried before the name is looked up again
  std::string dialled;                 // the address under way
  std::size_t tried = 0;               // of hub_keys, at that address: all held none but the one under way
  Reactor::TimerId timer = 0;
  Tick dialled_at{}, up_since{};
  int failures = 0;           // since the last good connection
  int broken_handshakes = 0;  // in a row
  int refusals = 0;           // of our key, since the last connection
  LinkState link_state = LinkState::down;
  std::string why = "not connected yet";
  HubLinkStats stats;
  LogRateLimit bad_log;
};

// --- connecting

void ZmqHubLink::State::attempt() {
  timer = 0;
  if (!addresses.empty()) return dial();
  if (is_numeric(endpoint.host)) return on_addresses(std::vector<std::string>{endpoint.host});
  resolver.start(endpoint.host, [this](auto found) { on_addresses(std::move(found)); });
}

void ZmqHubLink::State::on_addresses(Result<std::vector<std::string>> found) {
  if (socket || timer != 0) return;  // late: another attempt is under way
  if (!found) {
    set_state(LinkState::down, found.error().message());
    return try_again_in(next_wait());
  }
  addresses = std::move(*found);
  dial();
}

void ZmqHubLink::State::dial() {
  dialled = addresses.front();
  addresses.erase(addresses.begin());
  tried = 0;
  dial_again();
}

// The same address, with the hub key whose turn it is.
void ZmqHubLink::State::dial_again() {
  const std::string at = numeric_endpoint(dialled, endpoint.port);
  ++stats.attempts;
  ClientSocketOptions socket_options;
  socket_options.keys = options.keys;
  socket_options.hub_key = options.hub_keys.at(tried);
  auto made = ClientSocket::dial(context, at, socket_options);
  if (!made) {
    set_state(LinkState::down, made.error().message());
    return try_again_in(next_wait());
  }
  socket.emplace(std::move(*made));
  ++generation;
  dialled_at = clock.steady();
  reactor.watch_socket(socket->dealer, [this] { on_frames(); });
  reactor.watch_socket(socket->monitor.socket(), [this] { on_events(); });
}

void ZmqHubLink::State::close() {
  if (!socket) return;
  reactor.forget_socket(socket->dealer);
  reactor.forget_socket(socket->monitor.socket());
  socket.reset();
  ++generation;
}

Duration ZmqHubLink::State::next_wait() {
  const Duration longest = std::max(options.longest_wait, options.first_wait_max);
  Duration span = options.first_wait_max;
  for (int i = 0; i < failures && span < longest; ++i)
    span *= 2;
  ++failures;
  return random_duration(options.first_wait_min, std::min(span, longest));
}

void ZmqHubLink::State::try_again_in(Duration delay) {
  reactor.cancel(timer);
  timer = reactor.after(delay, [this] { attempt(); });
}

// --- what becomes of it

void ZmqHubLink::State::on_events() {
  const auto mine = generation;
  while (generation == mine) {
    const auto event = socket->monitor.next();
    if (!event) return;
    const auto outcome = outcome_of(*event);
    if (outcome == ConnectOutcome::nothing_new) continue;
    if (outcome != ConnectOutcome::connected) return ended(outcome);
    ++stats.connected;
    broken_handshakes = refusals = 0;
    up_since = clock.steady();
    addresses.clear();
    // The good one first from now on.
    std::rotate(options.hub_keys.begin(), options.hub_keys.begin() + static_cast<std::ptrdiff_t>(tried),
                options.hub_keys.begin() + static_cast<std::ptrdiff_t>(tried) + 1);
    tried = 0;
    set_state(LinkState::up, "connected");
  }
}

void ZmqHubLink::State::ended(ConnectOutcome outcome) {
  const auto mine = generation;
  if (link_state == LinkState::up) on_frames();  // its last words: REJECT, REVOKED
  if (generation != mine) return;
  const bool was_up = link_state == LinkState::up;
  const bool timed_out = clock.steady() - dialled_at >= kHandshakeTimeout;
  close();
  if (was_up && clock.steady() - up_since >= kStable) failures = 0;
  if (was_up) {
    set_state(LinkState::down, "the connection was lost");
    return try_again_in(next_wait());
  }
  switch (outcome) {
    case ConnectOutcome::unauthorised: {
      set_state(LinkState::unauthorised, "the hub does not know our key: enrol it there");
      addresses.clear();
      broken_handshakes = 0;  // a hub that looks at our key holds its own
      const Duration wait =
          std::min<Duration>(options.unauthorised_wait, kFirstRefusal * (1 << std::min(refusals, 10)));
      ++refusals;
      return try_again_in(random_duration(wait - wait / 10, wait + wait / 10));
    }
    case ConnectOutcome::no_handshake:
    case ConnectOutcome::not_a_hub:
      if (outcome == ConnectOutcome::no_handshake && !timed_out && tried + 1 < options.hub_keys.size()) {
        ++tried;
        timer = reactor.after(Duration(0), [this] {
          timer = 0;
          dial_again();
        });
        return;
      }
      if (!timed_out) ++broken_handshakes;
      if (outcome == ConnectOutcome::not_a_hub || broken_handshakes >= kBrokenHandshakes) {
        set_state(LinkState::wrong_hub_key, "what answers at the hub's address does not hold a hub key we expect");
      } else {
        set_state(LinkState::down, timed_out ? "the hub does not finish the handshake" : "the hub hung up");
      }
      break;
    case ConnectOutcome::hub_refuses:
      set_state(LinkState::down, "the hub has no room now");
      break;
    default:
      set_state(LinkState::down, "the hub cannot be reached");
      break;
  }
  // A name's other addresses at once; when none is left, later.
  if (addresses.empty()) return try_again_in(next_wait());
  try_again_in(Duration(0));
}

void ZmqHubLink::State::set_state(LinkState to, std::string reason) {
  if (to == link_state && reason == why && to != LinkState::up) return;
  link_state = to;
  why = std::move(reason);
  if (state_callback) state_callback(link_state, why);
}

// --- messages

void ZmqHubLink::State::on_frames() {
  const auto mine = generation;
  for (int i = 0; i < kFramesPerWake && generation == mine; ++i) {
    zmq::message_t frame;
    try {
      if (!socket->dealer.recv(frame, zmq::recv_flags::dontwait)) return;
      if (frame.more()) {
        while (frame.more() && socket->dealer.recv(frame, zmq::recv_flags::dontwait)) {
        }
        ++stats.bad_messages;
        continue;
      }
    } catch (const zmq::error_t&) {
      return;  // interrupted: the poll that follows finds it again
    }
    deliver(frame);
  }
}

void ZmqHubLink::State::deliver(zmq::message_t& frame) {
  auto decoded = wire::decode_frame(frame.to_string_view());
  if (std::holds_alternative<wire::UnknownType>(decoded)) {
    ++stats.unknown_messages;
    return;
  }
  auto* message = std::get_if<wire::Message>(&decoded);
  if (message != nullptr && wire::may_send(wire::Sender::hub, *message)) {
    if (message_callback) message_callback(std::move(*message));
    return;
  }
  ++stats.bad_messages;
  if (!bad_log.allows(clock.steady())) return;
  const std::string problem = message ? std::string(wire::type_name(*message)) + " is not for a hub to send"
                                      : std::get<Error>(decoded).message();
  log_warning("bad message from the hub", {{"why", problem}, {"and_more", bad_log.held_back()}});
}

// --- the port

Result<std::unique_ptr<ZmqHubLink>> ZmqHubLink::create(Reactor& reactor, Options options) {
  auto endpoint = parse_endpoint(options.endpoint);
  if (!endpoint) return endpoint.error();
  auto resolver = NameResolver::create(reactor, options.look_up ? options.look_up : LookUp(look_up));
  if (!resolver) return resolver.error();
  auto state = std::make_unique<State>(reactor, std::move(options), std::move(*endpoint), std::move(*resolver));
  return std::unique_ptr<ZmqHubLink>(new ZmqHubLink(std::move(state)));
}

ZmqHubLink::ZmqHubLink(std::unique_ptr<State> state) : state_(std::move(state)) {}
ZmqHubLink::~ZmqHubLink() = default;

void ZmqHubLink::on_message(std::function<void(wire::Message)> callback) {
  state_->message_callback = std::move(callback);
}

void ZmqHubLink::on_state(std::function<void(LinkState, std::string why)> callback) {
  state_->state_callback = std::move(callback);
}

void ZmqHubLink::start() {
  state_->try_again_in(Duration(0));
}

bool ZmqHubLink::send(const wire::Message& message) {
  if (state_->link_state != LinkState::up || !state_->socket) return false;
  const std::string frame = wire::encode(message);
  try {
    if (state_->socket->dealer.send(zmq::buffer(frame), zmq::send_flags::dontwait)) return true;
  } catch (const zmq::error_t&) {
    // Interrupted, or the connection is going: its end is about to be told.
  }
  ++state_->stats.send_full;
  return false;
}

void ZmqHubLink::reconnect(Duration after) {
  State& state = *state_;
  if (state.link_state == LinkState::up && state.clock.steady() - state.up_since >= kStable) state.failures = 0;
  state.close();
  state.addresses.clear();
  const Duration wait = after > Duration(0) ? random_duration(after, after + after / 4) : state.next_wait();
  state.try_again_in(wait);
  state.set_state(LinkState::down, "reconnecting");
}

void ZmqHubLink::set_hub_keys(std::vector<PublicKey> hub_keys) {
  State& state = *state_;
  const auto last = std::find(hub_keys.begin(), hub_keys.end(), state.options.hub_keys.front());
  const bool still_good = last != hub_keys.end();
  if (still_good) std::rotate(hub_keys.begin(), last, last + 1);
  state.options.hub_keys = std::move(hub_keys);
  if (state.link_state == LinkState::up && still_good) return;
  // Now, and not when the waiting that the old keys earned is over.
  state.close();
  state.addresses.clear();
  state.failures = state.broken_handshakes = 0;
  state.try_again_in(Duration(0));
  state.set_state(LinkState::down, "the hub keys have changed");
}

const std::vector<PublicKey>& ZmqHubLink::hub_keys() const {
  return state_->options.hub_keys;
}

std::optional<PublicKey> ZmqHubLink::hub_key() const {
  if (state_->link_state != LinkState::up) return std::nullopt;
  return state_->options.hub_keys.front();
}

LinkState ZmqHubLink::state() const {
  return state_->link_state;
}
HubLinkStats ZmqHubLink::stats() const {
  return state_->stats;
}

}  // namespace breakwater
