// SPDX-License-Identifier: Apache-2.0
// inotify(7) in the reactor.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/unique_fd.h"
#include "common/runtime/reactor.h"

namespace breakwater {

// One inotify descriptor for many users. The kernel has one watch an inode: users of the same one share it, each is
// told what it asked for. Reads a bounded number of events a wake-up. The kernel bounds the queue; when it ran over,
// on_overflow is called and everybody has to look for himself. One thread; outlives its watches.
class Inotify {
 public:
  // `name`: of the entry, for watches on directories; valid during the call.
  using Handler = std::function<void(std::uint32_t mask, std::string_view name)>;

  // Ends the watch when it is destroyed.
  class Watch {
   public:
    Watch() = default;
    Watch(Inotify* owner, std::uint64_t id) : owner_(owner), id_(id) {}
    Watch(Watch&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), id_(other.id_) {}
    Watch& operator=(Watch&& other) noexcept {
      reset();
      owner_ = std::exchange(other.owner_, nullptr);
      id_ = other.id_;
      return *this;
    }
    ~Watch() { reset(); }
    void reset();
    // False also once the kernel dropped it: the watched inode is gone.
    explicit operator bool() const;

   private:
    Inotify* owner_ = nullptr;
    std::uint64_t id_ = 0;
  };

  static Result<std::unique_ptr<Inotify>> open(Reactor& reactor);
  ~Inotify();
  Inotify(const Inotify&) = delete;
  Inotify& operator=(const Inotify&) = delete;

  // mask: IN_CREATE and so on. The handler also gets IN_IGNORED when the inode is gone. It may add and end watches.
  Result<Watch> watch(const std::string& path, std::uint32_t mask, Handler handler);
  // The inode behind an open descriptor, whatever its name is by now.
  Result<Watch> watch_open_file(int fd, std::uint32_t mask, Handler handler);

  void on_overflow(std::function<void()> callback) { on_overflow_ = std::move(callback); }
  std::uint64_t overflows() const { return overflows_; }
  std::uint64_t refused() const { return refused_; }  // watches the kernel had no room for (max_user_watches)
  std::size_t size() const { return users_.size(); }

 private:
  struct User {
    int watch = -1;  // the kernel's; -1 once it is gone
    std::uint32_t mask = 0;
    Handler handler;
  };

  Inotify(Reactor& reactor, UniqueFd fd);
  void remove(std::uint64_t id);
  void on_readable();
  void dispatch(int watch, std::uint32_t mask, std::string_view name);

  Reactor& reactor_;
  UniqueFd fd_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, std::shared_ptr<User>> users_;
  std::map<int, std::vector<std::uint64_t>> by_watch_;
  std::function<void()> on_overflow_;
  std::uint64_t overflows_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace breakwater
