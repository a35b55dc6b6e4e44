// SPDX-License-Identifier: Apache-2.0
#include "node/tools/inflater.h"

#include <algorithm>

namespace breakwater {

namespace {
constexpr int kGzipOnly = 16 + MAX_WBITS;
}

Result<std::unique_ptr<Inflater>> Inflater::create() {
  std::unique_ptr<Inflater> made(new Inflater);
  made->buffer_.resize(kBlock);
  if (inflateInit2(&made->stream_, kGzipOnly) != Z_OK) return Error("zlib cannot start");
  return made;
}

Inflater::~Inflater() {
  inflateEnd(&stream_);
}

Result<std::string_view> Inflater::unpack(std::string_view& packed) {
  if (at_boundary_ && !packed.empty()) {
    // Zeros behind the last member are padding, of tapes and of disks.
    const std::size_t zeros = std::min(packed.find_first_not_of('\0'), packed.size());
    packed.remove_prefix(zeros);
    if (packed.empty()) return std::string_view{};
    inflateReset(&stream_);
    at_boundary_ = false;
  }
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream_.avail_in = static_cast<uInt>(packed.size());
  stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
  stream_.avail_out = static_cast<uInt>(buffer_.size());
  const int status = inflate(&stream_, Z_NO_FLUSH);
  packed.remove_prefix(packed.size() - stream_.avail_in);
  if (status == Z_STREAM_END) at_boundary_ = true;
  if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return Error("damaged gzip");
  return std::string_view(buffer_.data(), buffer_.size() - stream_.avail_out);
}

}  // namespace breakwater
