// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/logs/log_reader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <zlib.h>

namespace breakwater {

namespace {

std::optional<FileFacts> facts_from(int fd, const char* path, int flags) {
  struct statx info {};
  const unsigned wanted = STATX_TYPE | STATX_INO | STATX_SIZE | STATX_NLINK | STATX_BTIME;
  if (::statx(fd, path, flags | AT_STATX_SYNC_AS_STAT, wanted, &info) != 0) return std::nullopt;
  FileFacts facts{.id = {makedev(info.stx_dev_major, info.stx_dev_minor), info.stx_ino},
                  .size = info.stx_size,
                  .linked = info.stx_nlink > 0,
                  .born = std::nullopt};
  if (info.stx_mask & STATX_BTIME)
    facts.born = from_unix_seconds(info.stx_btime.tv_sec) + Duration(info.stx_btime.tv_nsec / 1'000'000);
  return facts;
}

ssize_t read_fully(int fd, char* to, std::size_t count, std::uint64_t offset) {
  ssize_t got = 0;
  do {
    got = ::pread(fd, to, count, static_cast<off_t>(offset));
  } while (got < 0 && errno == EINTR);
  return got;
}

class PlainReader final : public LogReader {
 public:
  explicit PlainReader(UniqueFd fd) : fd_(std::move(fd)) {}

  ReadOutcome read(std::uint64_t offset, std::span<char> buffer) override {
    const ssize_t got = read_fully(fd_.get(), buffer.data(), buffer.size(), offset);
    if (got < 0) return {.end = true, .failed = true};
    if (got == 0) return {.end = true};
    ReadOutcome outcome{.bytes = static_cast<std::size_t>(got)};
    // Truncated by somebody while the writer kept its offset: gigabytes of nothing may follow.
    if (buffer[outcome.bytes - 1] == '\0') outcome.hole = hole_at(offset + outcome.bytes);
    return outcome;
  }

  std::string head(std::size_t limit) override {
    std::string bytes(limit, '\0');
    const ssize_t got = read_fully(fd_.get(), bytes.data(), limit, 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }

  int fd() const override { return fd_.get(); }

 private:
  std::uint64_t hole_at(std::uint64_t offset) const {
    const off_t data = ::lseek(fd_.get(), static_cast<off_t>(offset), SEEK_DATA);
    return data < 0 || static_cast<std::uint64_t>(data) <= offset ? 0 : static_cast<std::uint64_t>(data) - offset;
  }

  UniqueFd fd_;
};

class GzipReader final : public LogReader {
 public:
  explicit GzipReader(UniqueFd fd) : fd_(fd.get()), file_(::gzdopen(fd.get(), "rb")) {
    if (file_ != nullptr) fd.release();  // gzclose closes it
  }
  ~GzipReader() override {
    if (file_ != nullptr) ::gzclose_r(file_);
  }
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  ReadOutcome read(std::uint64_t offset, std::span<char> buffer) override {
    if (file_ == nullptr) return {.end = true, .failed = true};
    if (offset < at_) rewind();
    if (at_ < offset) {
      const auto ahead = static_cast<std::size_t>(std::min<std::uint64_t>(offset - at_, buffer.size()));
      const int skipped = pull(buffer.first(ahead));
      return {.end = skipped <= 0, .failed = skipped < 0};
    }
    const int got = pull(buffer);
    return {.bytes = static_cast<std::size_t>(std::max(got, 0)), .end = got <= 0, .failed = got < 0};
  }

  std::string head(std::size_t limit) override {
    if (file_ == nullptr) return {};
    rewind();
    std::string bytes(limit, '\0');
    const int got = pull(bytes);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }

  int fd() const override { return fd_; }

 private:
  void rewind() {
    ::gzrewind(file_);
    at_ = 0;
  }
  int pull(std::span<char> buffer) {
    const int got = ::gzread(file_, buffer.data(), static_cast<unsigned>(buffer.size()));
    if (got > 0) at_ += static_cast<std::uint64_t>(got);
    return got;
  }

  int fd_;
  gzFile file_;
  std::uint64_t at_ = 0;
};

}  // namespace

std::optional<FileFacts> facts_of(int fd) {
  return facts_from(fd, "", AT_EMPTY_PATH);
}

std::optional<FileFacts> facts_of(const std::string& path) {
  return facts_from(AT_FDCWD, path.c_str(), 0);
}

UniqueFd open_log(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return {};
  struct stat info {};
  if (::fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode)) return fd;
  fd.reset();
  errno = EINVAL;
  return {};
}

std::unique_ptr<LogReader> LogReader::plain(UniqueFd fd) {
  return std::make_unique<PlainReader>(std::move(fd));
}

std::unique_ptr<LogReader> LogReader::gzip(UniqueFd fd) {
  return std::make_unique<GzipReader>(std::move(fd));
}

}  // namespace breakwater
