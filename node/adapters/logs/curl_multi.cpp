// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/logs/curl_multi.h"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include <curl/curl.h>
#include <poll.h>

#include "common/base/text.h"

namespace breakwater {

namespace {

void start_library() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)once;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace

struct CurlMulti::Transfer {
  Id id = 0;
  CURL* easy = nullptr;
  HttpReply reply;
  Done done;
  bool is_stream = false;
  bool too_big = false;
  // Streams: what came and was not handed on yet.
  bool has_opened = false;
  bool said_opened = false;
  std::string incoming;
  std::function<void(long)> opened;
  std::function<void(std::string_view)> data;
};

// libcurl's callbacks.
struct CurlMulti::Hooks {
  static int on_socket(CURL*, curl_socket_t fd, int what, void* user, void*) {
    auto& self = *static_cast<CurlMulti*>(user);
    if (what == CURL_POLL_REMOVE) {
      self.reactor_.forget_fd(fd);
      return 0;
    }
    short events = 0;
    if (what != CURL_POLL_OUT) events |= POLLIN;
    if (what != CURL_POLL_IN) events = static_cast<short>(events | POLLOUT);
    self.reactor_.watch_fd(fd, events, [&self, fd](short revents) { self.on_socket_ready(fd, revents); });
    return 0;
  }

  static int on_timer(CURLM*, long ms, void* user) {
    auto& self = *static_cast<CurlMulti*>(user);
    if (self.timer_set_) self.reactor_.cancel(self.timer_);
    self.timer_set_ = ms >= 0;
    if (ms >= 0) self.timer_ = self.reactor_.after(Duration(ms), [&self] { self.on_timeout(); });
    return 0;
  }

  static std::size_t on_header(char* bytes, std::size_t, std::size_t count, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    const std::string_view line = trimmed({bytes, count});
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && transfer.reply.headers.size() < 64)
      transfer.reply.headers[lower_case(line.substr(0, colon))] = std::string(trimmed(line.substr(colon + 1)));
    if (!line.empty()) return count;
    curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &transfer.reply.status);
    transfer.has_opened = transfer.reply.status >= 200;
    return count;
  }

  static std::size_t on_body(char* bytes, std::size_t, std::size_t count, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    std::string& to = transfer.is_stream ? transfer.incoming : transfer.reply.body;
    transfer.too_big = to.size() + count > kMaxBody;
    if (transfer.too_big) return 0;
    to.append(bytes, count);
    return count;
  }
};

CurlMulti::CurlMulti(Reactor& reactor, std::string unix_socket)
    : reactor_(reactor), unix_socket_(std::move(unix_socket)) {
  start_library();
  multi_ = curl_multi_init();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Hooks::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Hooks::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, 8L);
}

CurlMulti::~CurlMulti() {
  *alive_ = false;
  for (auto& [id, transfer] : transfers_) {
    curl_multi_remove_handle(multi_, transfer->easy);
    curl_easy_cleanup(transfer->easy);
  }
  curl_multi_cleanup(multi_);
  if (timer_set_) reactor_.cancel(timer_);
}

CurlMulti::Transfer& CurlMulti::start(const std::string& path, Done done) {
  auto transfer = std::make_unique<Transfer>();
  transfer->id = ++last_id_;
  transfer->done = std::move(done);
  transfer->easy = curl_easy_init();
  CURL* const easy = transfer->easy;
  const std::string url = "http://docker" + path;
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, unix_socket_.c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Hooks::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer.get());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Hooks::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer.get());
  curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer.get());
  Transfer& made = *transfer;
  transfers_[made.id] = std::move(transfer);
  return made;
}

CurlMulti::Id CurlMulti::get(const std::string& path, Done done, Duration timeout) {
  Transfer& transfer = start(path, std::move(done));
  curl_easy_setopt(transfer.easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  const Id id = transfer.id;
  curl_multi_add_handle(multi_, transfer.easy);
  return id;
}

CurlMulti::Id CurlMulti::stream(const std::string& path, std::function<void(long status)> opened,
                                std::function<void(std::string_view)> data, Done done) {
  Transfer& transfer = start(path, std::move(done));
  transfer.is_stream = true;
  transfer.opened = std::move(opened);
  transfer.data = std::move(data);
  curl_easy_setopt(transfer.easy, CURLOPT_CONNECTTIMEOUT_MS, 10'000L);
  const Id id = transfer.id;
  curl_multi_add_handle(multi_, transfer.easy);
  return id;
}

void CurlMulti::cancel(Id id) {
  const auto it = transfers_.find(id);
  if (it == transfers_.end()) return;
  curl_multi_remove_handle(multi_, it->second->easy);
  curl_easy_cleanup(it->second->easy);
  transfers_.erase(it);
}

void CurlMulti::cancel_all() {
  std::vector<Id> ids;
  for (const auto& [id, transfer] : transfers_)
    ids.push_back(id);
  for (const Id id : ids)
    cancel(id);
}

void CurlMulti::on_socket_ready(int fd, short revents) {
  int what = 0;
  if (revents & POLLIN) what |= CURL_CSELECT_IN;
  if (revents & POLLOUT) what |= CURL_CSELECT_OUT;
  if (revents & (POLLERR | POLLHUP | POLLNVAL)) what |= CURL_CSELECT_ERR;
  int running = 0;
  curl_multi_socket_action(multi_, fd, what, &running);
  hand_on();
}

void CurlMulti::on_timeout() {
  timer_set_ = false;
  int running = 0;
  curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  hand_on();
}

// libcurl must not be called from within its own callbacks: what they collected is handed on here.
void CurlMulti::hand_on() {
  const auto alive = alive_;
  std::vector<Id> streams;
  for (const auto& [id, transfer] : transfers_) {
    if (transfer->is_stream) streams.push_back(id);
  }
  for (const Id id : streams) {
    hand_on_stream(id);
    if (!*alive) return;  // a callback may end us
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    char* user = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
    finish(reinterpret_cast<Transfer*>(user)->id, message->data.result);
    if (!*alive) return;
  }
}

void CurlMulti::hand_on_stream(Id id) {
  const auto alive = alive_;
  auto it = transfers_.find(id);
  if (it == transfers_.end()) return;
  if (it->second->has_opened && !std::exchange(it->second->said_opened, true)) {
    const auto opened = it->second->opened;
    opened(it->second->reply.status);
    if (!*alive) return;
    it = transfers_.find(id);
  }
  if (it == transfers_.end() || it->second->incoming.empty()) return;
  const std::string bytes = std::exchange(it->second->incoming, {});
  const auto data = it->second->data;
  data(bytes);
}

void CurlMulti::finish(Id id, int code) {
  const auto it = transfers_.find(id);
  if (it == transfers_.end()) return;
  const std::unique_ptr<Transfer> transfer = std::move(it->second);
  transfers_.erase(it);
  curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &transfer->reply.status);
  curl_multi_remove_handle(multi_, transfer->easy);
  curl_easy_cleanup(transfer->easy);
  if (code == CURLE_OK) return transfer->done(transfer->reply);
  transfer->done(Error(transfer->too_big ? "the answer is too long" : curl_easy_strerror(static_cast<CURLcode>(code))));
}

}  // namespace breakwater
