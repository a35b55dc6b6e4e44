// SPDX-License-Identifier: Apache-2.0
// bench_newlines FILE: reads a file in blocks of 1 MiB and cuts it at '\n', and nothing else: what reading a log costs
// whoever reads it. Prints the number of lines.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace {

constexpr std::size_t kBlock = 1024 * 1024;

std::uint64_t lines_in(const char* at, const char* end) {
  std::uint64_t lines = 0;
  while (at < end) {
    const void* newline = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
    if (newline == nullptr) break;
    at = static_cast<const char*>(newline) + 1;
    ++lines;
  }
  return lines;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bench_newlines FILE\n");
    return 2;
  }
  const int file = open(argv[1], O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    std::perror(argv[1]);
    return 1;
  }
  std::vector<char> block(kBlock);
  std::uint64_t lines = 0;
  ssize_t count = 0;
  while ((count = read(file, block.data(), block.size())) > 0)
    lines += lines_in(block.data(), block.data() + count);
  close(file);
  if (count < 0) {
    std::perror(argv[1]);
    return 1;
  }
  std::printf("%llu\n", static_cast<unsigned long long>(lines));
  return 0;
}
