// SPDX-License-Identifier: Apache-2.0
// The bytes of any log through `test-filter --output json`: one JSON object a line, in order. The first byte chooses
// filter and format.
#include <array>
#include <sstream>

#include <nlohmann/json.hpp>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/unique_fd.h"
#include "node/tools/test_filter.h"
#include "tests/fuzz/fuzz_input.h"

namespace breakwater::fuzz {
namespace {

constexpr std::array<const char*, 3> kFilters = {
    R"(^\S* ?sshd\[\d+\]: Failed \S+ for <F-USER>.*</F-USER> from <HOST> port \d+$)",
    R"(^<F-MLFID>\[\d+\]</F-MLFID> (?:<F-NOFAIL>connect</F-NOFAIL>|login (?!ok)<F-USER>\S+</F-USER>|end) <HOST>$)",
    R"(^{"log":"<HOST> .*POST .*)",
};
constexpr std::array kFormats = {LogFormat::automatic, LogFormat::file, LogFormat::docker, LogFormat::journal_json};

// A file without a disk.
class Log {
 public:
  explicit Log(std::string_view bytes) : fd_(memfd_create("log", 0)) {
    expect(write(fd_.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "no memory for a file");
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

 private:
  UniqueFd fd_;
};

void check_json(const std::string& text) {
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const auto object = nlohmann::json::parse(line, nullptr, false);
    expect(object.is_object(), "no JSON: " + line);
    expect(object["line"].is_number_unsigned() && object["line"] >= 1, "a line without its number");
    expect(object["matched"].is_boolean() && object["fields"].is_object(), "a verdict without its parts");
    expect(!object["matched"] || object["id"].is_string(), "a match of nobody");
  }
}

void run(TestFilterOptions options, bool json) {
  std::ostringstream out, err;
  options.json = json;
  test_filter(options, out, err);
  if (json) return check_json(out.str());
  for (const char c : out.str())
    expect(static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\t', "control characters on the terminal");
}

}  // namespace
}  // namespace breakwater::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace breakwater;
  fuzz::Input input(data, size);
  TestFilterOptions options;
  options.filter.filter = fuzz::kFilters[input.pick(fuzz::kFilters.size())];
  options.format = fuzz::kFormats[input.pick(fuzz::kFormats.size())];
  options.now = from_unix_seconds(1793588645);
  const fuzz::Log log(input.rest());
  options.log = log.path();
  fuzz::run(options, true);
  fuzz::run(options, false);
  return 0;
}
