// SPDX-License-Identifier: Apache-2.0
#include "node/core/framing/docker_record.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>

namespace breakwater {

namespace {

constexpr std::string_view kRecordStart = "{\"log\":";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";
// attrs is a flat map of strings; a bound on nesting keeps the search for a record in a hostile line linear.
constexpr int kMaxDepth = 8;

// Reads one JSON value after the other without decoding.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool at_end() const { return rest_.empty(); }

  // The string's inside, escapes as they stand.
  std::optional<std::string_view> string() {
    if (!take('"')) return std::nullopt;
    for (std::size_t from = 0;;) {
      const std::size_t quote = rest_.find('"', from);
      if (quote == std::string_view::npos) return std::nullopt;
      if (!escaped_at(quote)) {
        const std::string_view inside = rest_.substr(0, quote);
        rest_.remove_prefix(quote + 1);
        return inside;
      }
      from = quote + 1;
    }
  }

  bool skip_value(int depth = 0) {
    if (rest_.empty() || depth > kMaxDepth) return false;
    if (rest_.front() == '"') return string().has_value();
    if (rest_.front() == '{' || rest_.front() == '[') return skip_nested(depth);
    const std::size_t length =
        std::min(rest_.find_first_not_of("-+.0123456789abcdefghijklmnopqrstuvwxyzE"), rest_.size());
    rest_.remove_prefix(length);
    return length > 0;
  }

 private:
  bool escaped_at(std::size_t at) const {
    std::size_t backslashes = 0;
    while (backslashes < at && rest_[at - 1 - backslashes] == '\\')
      ++backslashes;
    return backslashes % 2 == 1;
  }

  bool skip_nested(int depth) {
    const bool object = rest_.front() == '{';
    const char close = object ? '}' : ']';
    rest_.remove_prefix(1);
    if (take(close)) return true;
    do {
      if (object && (!string() || !take(':'))) return false;
      if (!skip_value(depth + 1)) return false;
    } while (take(','));
    return take(close);
  }

  std::string_view rest_;
};

bool ends_in_newline(std::string_view log) {
  if (!log.ends_with("\\n")) return false;
  const std::size_t before = log.find_last_not_of('\\', log.size() - 2);
  const std::size_t first = before == std::string_view::npos ? 0 : before + 1;
  return (log.size() - 1 - first) % 2 == 1;  // "\\n" is a backslash and an n
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The XXXX of \uXXXX, -1 if they are not four hex digits.
int hex4(std::string_view text) {
  if (text.size() < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(text[static_cast<std::size_t>(i)]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | (code >> 6));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3f));
  } else {
    put(0xf0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3f));
    put(0x80 | ((code >> 6) & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

// `rest` begins behind "\u". Returns how many bytes of it were used.
std::size_t append_unicode(std::string_view rest, std::string& out) {
  const int first = hex4(rest);
  if (first < 0) {
    out += kReplacement;
    return 0;
  }
  if (first < 0xd800 || first > 0xdfff) {
    append_utf8(out, static_cast<unsigned>(first));
    return 4;
  }
  const int second = rest.substr(4).starts_with("\\u") ? hex4(rest.substr(6)) : -1;
  if (first > 0xdbff || second < 0xdc00 || second > 0xdfff) {
    out += kReplacement;
    return 4;
  }
  append_utf8(out, 0x10000u + ((static_cast<unsigned>(first) & 0x3ff) << 10) + (static_cast<unsigned>(second) & 0x3ff));
  return 10;
}

// `rest` begins behind the backslash. Returns how many bytes of it were used.
std::size_t append_escape(std::string_view rest, std::string& out) {
  if (rest.empty()) {
    out += kReplacement;
    return 0;
  }
  switch (rest.front()) {
    case 'n':
      out += '\n';
      return 1;
    case 'r':
      out += '\r';
      return 1;
    case 't':
      out += '\t';
      return 1;
    case 'b':
      out += '\b';
      return 1;
    case 'f':
      out += '\f';
      return 1;
    case '"':
    case '\\':
    case '/':
      out += rest.front();
      return 1;
    case 'u':
      return 1 + append_unicode(rest.substr(1), out);
    default:
      out += kReplacement;
      return 0;
  }
}

// Exactly `count` digits at the front of `text`, removed from it.
bool take_number(std::string_view& text, std::size_t count, int& value) {
  if (text.size() < count) return false;
  value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool take_char(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// ".948" -> 948; "" -> 0.
bool take_fraction(std::string_view& text, int& ms) {
  ms = 0;
  if (!take_char(text, '.')) return true;
  int scale = 100;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    ms += (text[digits] - '0') * scale;
    scale /= 10;
  }
  text.remove_prefix(digits);
  return digits > 0 && digits <= 9;
}

std::optional<std::chrono::minutes> zone_of(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  const bool west = text.starts_with('-');
  if (!west && !text.starts_with('+')) return std::nullopt;
  text.remove_prefix(1);
  int hours = 0;
  int minutes = 0;
  if (!take_number(text, 2, hours) || !take_char(text, ':') || !take_number(text, 2, minutes)) return std::nullopt;
  if (!text.empty() || hours > 23 || minutes > 59) return std::nullopt;
  return std::chrono::minutes((hours * 60 + minutes) * (west ? -1 : 1));
}

}  // namespace

std::optional<DockerRecord> parse_docker_record(std::string_view bytes) {
  Cursor cursor(bytes);
  DockerRecord record;
  bool timed = false;
  if (!cursor.take('{')) return std::nullopt;
  do {
    const auto key = cursor.string();
    if (!key || !cursor.take(':')) return std::nullopt;
    std::string_view* const field = *key == "log"      ? &record.log
                                    : *key == "stream" ? &record.stream
                                    : *key == "time"   ? &record.time
                                                       : nullptr;
    if (field == nullptr) {
      if (!cursor.skip_value()) return std::nullopt;
      continue;
    }
    const auto value = cursor.string();
    if (!value) return std::nullopt;
    *field = *value;
    timed = timed || field == &record.time;
  } while (cursor.take(','));
  // A crash may leave half of a record that looks whole up to its time: no record without one.
  if (!cursor.take('}') || !cursor.at_end() || !timed || record.time.size() > 40) return std::nullopt;
  record.ends_line = ends_in_newline(record.log);
  return record;
}

// {"log":"...\n","stream":"stdout","attrs":{...},"time":"..."}: looked at from behind. An attrs is a flat map of
// strings, so `,"attrs":{` cannot stand in it, nor in an escaped log.
std::optional<RecordTail> tail_of_whole_line(std::string_view bytes) {
  constexpr std::string_view kLog = "{\"log\":\"";
  constexpr std::string_view kTime = ",\"time\":\"";
  constexpr std::string_view kAttrs = ",\"attrs\":";
  constexpr std::string_view kStdout = "\\n\",\"stream\":\"stdout\"";
  constexpr std::string_view kStderr = "\\n\",\"stream\":\"stderr\"";
  constexpr std::size_t kLongestTime = 40;
  constexpr std::size_t kShortest = kLog.size() + kStdout.size() + kTime.size() + 2;
  if (bytes.size() < kShortest || !bytes.starts_with(kLog) || !bytes.ends_with("\"}")) return std::nullopt;
  const std::size_t end = bytes.size() - 2;
  const std::size_t window = std::min(kLongestTime + 1, end);
  const void* const quote = ::memrchr(bytes.data() + end - window, '"', window);
  if (quote == nullptr) return std::nullopt;
  const auto time = static_cast<std::size_t>(static_cast<const char*>(quote) - bytes.data());
  std::string_view head = bytes.substr(0, time + 1);
  if (!head.ends_with(kTime)) return std::nullopt;
  head.remove_suffix(kTime.size());
  if (head.ends_with('}')) {
    std::size_t attrs = head.rfind('{');
    while (attrs != std::string_view::npos && attrs > 0 && !head.substr(0, attrs).ends_with(kAttrs))
      attrs = head.rfind('{', attrs - 1);
    if (attrs == std::string_view::npos || attrs < kAttrs.size()) return std::nullopt;
    head = head.substr(0, attrs - kAttrs.size());
  }
  const bool is_stderr = head.ends_with(kStderr);
  if (!is_stderr && !head.ends_with(kStdout)) return std::nullopt;
  const std::size_t text_end = head.size() - kStdout.size();
  if (text_end < kLog.size() || head[text_end - 1] == '\\') return std::nullopt;
  return RecordTail{text_end, is_stderr};
}

std::size_t find_docker_record(std::string_view bytes, std::size_t from) {
  return bytes.find(kRecordStart, from);
}

bool decode_json_string(std::string_view encoded, std::string& out, std::size_t limit) {
  while (!encoded.empty()) {
    if (out.size() >= limit) return false;
    const void* backslash = std::memchr(encoded.data(), '\\', encoded.size());
    const std::size_t plain = backslash == nullptr
                                  ? encoded.size()
                                  : static_cast<std::size_t>(static_cast<const char*>(backslash) - encoded.data());
    const std::size_t taken = std::min(plain, limit - out.size());
    out += encoded.substr(0, taken);
    if (taken < plain) return false;
    if (backslash == nullptr) return true;
    encoded.remove_prefix(plain + 1);
    if (out.size() >= limit) return false;
    encoded.remove_prefix(append_escape(encoded, out));
  }
  return true;
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0;
  if (!take_number(text, 4, year) || !take_char(text, '-') || !take_number(text, 2, month) || !take_char(text, '-') ||
      !take_number(text, 2, day) || !(take_char(text, 'T') || take_char(text, 't')))
    return std::nullopt;
  if (!take_number(text, 2, hour) || !take_char(text, ':') || !take_number(text, 2, minute) || !take_char(text, ':') ||
      !take_number(text, 2, second) || !take_fraction(text, ms))
    return std::nullopt;
  const auto zone = zone_of(text);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!zone || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + Duration(ms) - *zone;
}

}  // namespace breakwater
