// SPDX-License-Identifier: Apache-2.0
#include "common/config/ignore_list.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

#include "common/base/text.h"
#include "common/config/option_list.h"
#include "common/config/small_file.h"

namespace breakwater {

namespace {

// The length of a netmask such as 255.255.255.0; nullopt if its ones are not all in front.
std::optional<unsigned> mask_length(const Address& mask) {
  std::uint32_t bits = 0;
  for (const std::uint8_t byte : mask.bytes())
    bits = bits << 8 | byte;
  unsigned length = 0;
  for (; length < 32 && (bits & 0x80000000u) != 0; bits <<= 1)
    ++length;
  if (bits != 0) return std::nullopt;
  return length;
}

std::optional<Prefix> parse_range(const std::string& word) {
  if (const auto prefix = Prefix::parse(word)) return *prefix;
  const auto slash = word.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const auto base = Address::parse(word.substr(0, slash));
  const auto mask = Address::parse(word.substr(slash + 1));
  if (!base || !mask || !base->is_v4() || !mask->is_v4()) return std::nullopt;
  const auto length = mask_length(*mask);
  if (!length) return std::nullopt;
  return Prefix(*base, *length);
}

// Has a letter, and only what host names are made of: 192.0.2.300 is a mistake, not a name.
bool is_dns_name(const std::string& word) {
  const auto good = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_'; };
  const auto letter = [](unsigned char c) { return std::isalpha(c) != 0; };
  return word.size() <= 253 && std::all_of(word.begin(), word.end(), good) &&
         std::any_of(word.begin(), word.end(), letter) && word.front() != '.' && word.front() != '-';
}

class Reader {
 public:
  Reader(OptionValues& values, const std::string& key) : values_(values), key_(key) {}

  void take(const SourcedLine& word, bool from_file);
  IgnoreList result() && { return std::move(result_); }

 private:
  void take_file(const std::string& path, const Origin& at);

  OptionValues& values_;
  const std::string& key_;
  IgnoreList result_;
  std::set<Prefix> seen_;
  std::set<std::string> names_seen_;
  bool full_ = false;
};

void Reader::take(const SourcedLine& word, bool from_file) {
  if (full_) return;
  if (seen_.size() + names_seen_.size() >= kMaxIgnoreEntries) {
    full_ = true;
    return values_.error_at(
        word.origin, key_ + ": more than " + std::to_string(kMaxIgnoreEntries) + " entries; the rest is left out");
  }
  if (!from_file && word.text.starts_with("file:")) return take_file(word.text.substr(5), word.origin);
  if (const auto prefix = parse_range(word.text)) {
    if (prefix->length() == 0) {
      values_.problems().warning(word.origin, values_.subject(),
                                 key_ + ' ' + in_quotes(word.text) + " spares every address: nobody is banned");
    }
    if (seen_.insert(*prefix).second) result_.prefixes.push_back(*prefix);
    return;
  }
  if (is_dns_name(word.text)) {
    std::string name = word.text;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (names_seen_.insert(name).second) result_.names.push_back(name);
    return;
  }
  values_.error_at(word.origin, key_ + ' ' + in_quotes(word.text) + " is neither address, range nor name",
                   "try 192.0.2.7, 192.0.2.0/24 or file:/PATH");
}

void Reader::take_file(const std::string& path, const Origin& at) {
  if (!path.starts_with('/'))
    return values_.error_at(at, key_ + ": file:" + escaped(path) + " is not an absolute path");
  const auto bytes = read_small_file(path);
  if (!bytes) return values_.error_at(at, key_ + ": " + bytes.error().message());
  int number = 0;
  for (const std::string_view line : split(*bytes, '\n')) {
    const Origin here{path, ++number};
    const SourcedText text(line.substr(0, line.find_first_of("#;")), here);
    for (const SourcedLine& word : split_words(text))
      take(word, true);
  }
}

}  // namespace

IgnoreList read_ignore_list(OptionValues& values, const std::string& key) {
  Reader reader(values, key);
  if (const auto text = values.text(key)) {
    for (const SourcedLine& word : split_words(*text))
      reader.take(word, false);
  }
  return std::move(reader).result();
}

}  // namespace breakwater
