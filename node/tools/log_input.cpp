// SPDX-License-Identifier: Apache-2.0
#include "node/tools/log_input.h"

#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/text.h"
#include "node/tools/inflater.h"

namespace breakwater {

namespace {

constexpr std::string_view kGzip = "\x1f\x8b";
// What people forget to unpack: first bytes, the program that made them, the one to use.
constexpr std::array<std::array<std::string_view, 3>, 3> kOtherPackers{{
    {"\xfd"
     "7zXZ",
     "xz", "xzcat"},
    {"BZh", "bzip2", "bzcat"},
    {"\x28\xb5\x2f\xfd", "zstd", "zstdcat"},
}};

}  // namespace

LogInput::LogInput(std::string name, UniqueFd fd) : name_(std::move(name)), fd_(std::move(fd)), buffer_(kBlock) {}
LogInput::LogInput(LogInput&&) noexcept = default;
LogInput& LogInput::operator=(LogInput&&) noexcept = default;
LogInput::~LogInput() = default;

Result<LogInput> LogInput::open(const std::string& name) {
  const bool standard_input = name == "-";
  UniqueFd fd(standard_input ? dup(STDIN_FILENO) : ::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  const std::string shown = standard_input ? "standard input" : escaped(name);
  if (fd.get() < 0) return system_error(shown);
  struct stat about {};
  if (fstat(fd.get(), &about) != 0) return system_error(shown);
  if (S_ISDIR(about.st_mode)) return Error(shown + ": is a directory; name a file in it");
  LogInput input(shown, std::move(fd));
  if (S_ISREG(about.st_mode)) {
    input.size_ = static_cast<std::uint64_t>(about.st_size);
    posix_fadvise(input.fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  if (const auto looked = input.look_at_beginning(); !looked) return looked.error();
  return input;
}

Result<std::string_view> LogInput::read_file() {
  for (;;) {
    const ssize_t count = ::read(fd_.get(), buffer_.data(), buffer_.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(name_);
    done_ += static_cast<std::uint64_t>(count);
    return std::string_view(buffer_.data(), static_cast<std::size_t>(count));
  }
}

Result<void> LogInput::look_at_beginning() {
  auto block = read_file();
  if (!block) return block.error();
  pending_ = *block;
  for (const auto& [magic, packer, unpacker] : kOtherPackers) {
    if (!pending_.starts_with(magic)) continue;
    return Error(name_ + ": is packed by " + std::string(packer) + "; try: " + std::string(unpacker) + " " + name_ +
                 " | breakwater-node ... -");
  }
  if (!pending_.starts_with(kGzip)) return {};
  auto inflater = Inflater::create();
  if (!inflater) return inflater.error();
  inflater_ = std::move(*inflater);
  return {};
}

Result<std::string_view> LogInput::read() {
  for (;;) {
    if (pending_.empty()) {
      auto block = read_file();
      if (!block) return block.error();
      pending_ = *block;
    }
    if (!inflater_) return std::exchange(pending_, {});
    if (pending_.empty()) {
      if (inflater_->complete()) return std::string_view{};
      return Error(name_ + ": the gzipped file ends too early");
    }
    auto unpacked = inflater_->unpack(pending_);
    if (!unpacked) return unpacked.error().within(name_);
    if (!unpacked->empty()) return *unpacked;
  }
}

}  // namespace breakwater
