// SPDX-License-Identifier: Apache-2.0
// Real files in a temporary directory, a reactor turned by hand, and what was delivered.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/base/unique_fd.h"
#include "common/runtime/reactor.h"
#include "common/runtime/system_clock.h"
#include "node/adapters/logs/log_sources.h"
#include "tests/node/framing/json_file.h"

namespace breakwater::testing {

class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bw-logs-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline void write_all(int fd, std::string_view bytes) {
  ASSERT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
}

inline void append(const std::string& path, std::string_view bytes) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  ASSERT_TRUE(fd) << path;
  write_all(fd.get(), bytes);
}

struct SeenLine {
  std::string text;
  std::string raw;
  std::string source;
  std::string container;
  bool backlog = false;
  bool missed = false;
  std::vector<std::size_t> jails;
  StoredPosition after;
};

// A node's log reading, from start to kill.
class Follower {
 public:
  Follower(Reactor& reactor, const Clock& clock, LogSourcesSettings settings, std::vector<JailWatch> jails,
           std::vector<StoredPosition> stored = {})
      : reactor_(reactor),
        sources(
            std::make_unique<LogSources>(reactor, clock, std::move(settings), std::move(jails), std::move(stored))) {
    sources->on_line([this](const LogLine& line, const std::vector<std::size_t>& jails_of_line) {
      lines.push_back({std::string(line.text),
                       std::string(line.raw),
                       line.source->id,
                       line.source->container,
                       line.backlog,
                       line.missed,
                       jails_of_line,
                       {line.source->id, line.after}});
    });
    sources->on_batch_end([this] { ++batches; });
    sources->on_docker_networks([this](const DockerNetworks& now) { networks = now; });
    const auto started = sources->start();
    EXPECT_TRUE(started) << (started ? "" : started.error().message());
  }

  // Turns the loop until the condition holds; fails after ten seconds.
  [[nodiscard]] bool until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      reactor_.run_once(Duration(20));
    }
    return true;
  }
  [[nodiscard]] bool until_lines(std::size_t count) {
    return until([&] { return lines.size() >= count; });
  }
  // Nothing more is on its way: the loop has nothing to do.
  void settle() {
    for (int idle = 0; idle < 2;)
      idle = reactor_.run_once(Duration(2)) ? 0 : idle + 1;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (const SeenLine& line : lines)
      out.push_back(line.text);
    return out;
  }

 private:
  Reactor& reactor_;

 public:
  std::unique_ptr<LogSources> sources;
  std::vector<SeenLine> lines;
  DockerNetworks networks;
  int batches = 0;
};

class LogsTest : public ::testing::Test {
 protected:
  LogSourcesSettings settings() const {
    LogSourcesSettings made;
    made.docker_socket = "";
    made.docker_root = "";
    made.rescan = std::chrono::hours(1);  // what inotify does not tell is a failure here
    made.poll = std::chrono::hours(1);
    return made;
  }
  static JailWatch plain_jail(const std::string& glob, bool tail = false) {
    return {.name = "plain",
            .logpaths = {{.glob = glob, .from_tail = tail, .origin = {}}},
            .container_globs = {},
            .image_globs = {},
            .labels = {}};
  }
  std::unique_ptr<Follower> follow(const std::string& glob, std::vector<StoredPosition> stored = {}) {
    return std::make_unique<Follower>(reactor, clock, settings(), std::vector{plain_jail(glob)}, std::move(stored));
  }

  TempDir dir;
  Reactor reactor;
  SystemClock clock;
};

inline std::string container_id(char digit) {
  return std::string(64, digit);
}

// A container's log as dockerd writes it: rotation by rename (max-file > 1) or unlink (1).
class DockerLog {
 public:
  DockerLog(const std::string& docker_root, const std::string& id, std::size_t max_size = 0, int max_files = 1)
      : directory_(docker_root + "/containers/" + id),
        path_(directory_ + "/" + id + "-json.log"),
        max_size_(max_size),
        max_files_(max_files) {
    std::filesystem::create_directories(directory_);
    open(O_APPEND);
  }

  void line(const std::string& text, const std::string& stream = "stdout") {
    for (const std::string& record : json_pieces(text, next_time(), stream))
      raw(record);
  }
  void raw(const std::string& record) {
    if (max_size_ > 0 && written_ >= max_size_) rotate();
    write_all(fd_.get(), record);
    written_ += record.size();
  }
  void rotate() {
    fd_.reset();
    if (max_files_ < 2) {
      std::filesystem::remove(path_);
    } else {
      std::error_code ignored;
      for (int i = max_files_ - 1; i > 1; --i)
        std::filesystem::rename(path_ + "." + std::to_string(i - 1), path_ + "." + std::to_string(i), ignored);
      std::filesystem::rename(path_, path_ + ".1");
    }
    open(0);  // dockerd does not append after a rotation
    written_ = 0;
    ++rotations;
  }
  std::string next_time() {
    const std::string number = std::to_string(++clock_);
    return "2026-01-31T09:22:55." + std::string(9 - number.size(), '0') + number + "Z";
  }
  const std::string& path() const { return path_; }
  const std::string& directory() const { return directory_; }
  int rotations = 0;

 private:
  void open(int flags) {
    fd_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0640));
    ASSERT_TRUE(fd_);
  }

  std::string directory_;
  std::string path_;
  std::size_t max_size_;
  int max_files_;
  std::size_t written_ = 0;
  int clock_ = 0;
  UniqueFd fd_;
};

}  // namespace breakwater::testing
