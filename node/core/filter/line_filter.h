// SPDX-License-Identifier: Apache-2.0
// A compiled fail2ban filter.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/config/jail_config.h"
#include "node/core/filter/calendar.h"
#include "node/core/filter/date_pattern.h"

namespace breakwater {

// Outcomes that must not be folded: a line matched, did not match, or the engine could not tell.
enum class FilterVerdict : std::uint8_t {
  no_match,
  offence,        // failregex matched and gave an address
  ignored,        // failregex matched, ignoreregex too
  no_address,     // matched, but what it found is no address: a name, 999.1.1.1, an <F-ID> that is none, nothing
  pending,        // matched, and is no failure by itself: <F-NOFAIL>, or an <F-MLFID> whose address is not known yet
  engine_failed,  // the engine gave up: counted and reported, never "no match" in silence
};

struct FilterMatch {
  FilterVerdict verdict = FilterVerdict::no_match;
  Address who;                  // set for offence, and for ignored if the line named an address
  std::optional<Prefix> range;  // <SUBNET> or <CIDR> found a length: all that fail2ban would ban
  Timestamp at{};               // record_time, else the line's own date, else `now`; set for what tells something: not
                                // for no_match, nor for pending where no fields are wanted
  bool dated = false;           // `at` came from the line
  int regex = -1;               // index into failregex; set unless no_match
  std::map<std::string, std::string> fields;  // <F-USER> -> "user", ...; lower case; valid UTF-8
  std::set<std::string> users;                // all that one connection (<F-MLFID>) tried
  int attempts = 0;                           // lines of the log that were merged into this match
  std::string id;                             // no_address: what was found instead, a name or an <F-ID>
  bool is_name = false;                       // `id` is a host's name, from <HOST> or <DNS>
};

struct LineContext {
  Timestamp now{};                         // for dates without a year, and for lines without a date
  std::optional<Timestamp> record_time{};  // docker's own: preferred over the date in the line
  bool no_date = false;                    // the line has no date to look for and to cut out (the journal's)
  bool fields = false;                     // FilterMatch::fields and users are wanted: not by those who only ban
};

// What a filter remembers of one log from line to line: open connections (<F-MLFID>), the lines of maxlines. Made by
// LineFilter::make_memory() and used with that filter only. Bounded.
class FilterMemory {
 public:
  virtual ~FilterMemory() = default;
};

// A regex in RE2's dialect, one text an alphabet (char_class.h): it matches at least wherever the filter's own does.
struct RequiredRegex {
  std::string ascii;
  std::string unicode;
};

// What a line must have in it for the filter to take any notice: prefregex, and one of failregex, both searched in the
// line without its date and with a "\n" behind it. For a gate that looks at lines before they are decoded.
struct LineRequirement {
  bool every_line = false;  // the filter must see all lines whatever is in them
  std::optional<RequiredRegex> prefregex;
  std::vector<RequiredRegex> failregex;
  std::vector<DatePattern> dates;  // what may have been cut out, anywhere in the line
};

// How one regex is run, for the author of the filter.
struct RegexExplanation {
  std::string role;  // "prefregex", "failregex", "ignoreregex"
  int index = 0;     // within its role
  Origin origin;
  std::string engine;  // "RE2", or "RE2 as a gate, then PCRE2: negative lookahead (?!...) at column 12"
};

// How often a bound was reached that a stranger can reach.
struct FilterCounters {
  std::uint64_t connections_evicted = 0;     // open ones (<F-MLFID>) that made room: more than 100 in one log
  std::uint64_t buffered_lines_dropped = 0;  // of maxlines: the last lines of a log were longer than is kept
  std::uint64_t set_overflows = 0;           // one pass over all regexes ran out of memory, so each was tried
  std::uint64_t pcre2_limits = 0;  // searches that took more steps than are usual; engine_failed if they ended so

  FilterCounters& operator+=(const FilterCounters& more);
};

// One filter, as fail2ban 1.0.2 would run it on one line (server/filter.py findFailure):
//   - "\r" and "\n" at the end are dropped; bytes that are no UTF-8 become U+FFFD, as in Python, so that they hide
//   nothing
//   - the date is cut out (date_detector.h), the rest is searched, nowhere anchored
//   - prefregex must match; its <F-CONTENT> then replaces the text
//   - the first failregex that matches and names somebody decides; an ignoreregex that matches too takes it back
//   - <F-MLFID>: what the lines of one connection tell is merged, see ConnectionTable; <F-NOFAIL>, <F-MLFFORGET>,
//   <F-MLFGAINED> as there; maxlines and <SKIPLINES>: the last lines of the log are searched as one text
//   - the id is group fid, else the address, the first of ip4, ip6, dns; it must be one by Address::parse: nothing is
//   resolved here
// Known differences: a line without a date gets `now`, not the last date seen, which is at most a minute earlier (but
// with maxlines as in fail2ban); connections and lines are remembered by log, where fail2ban remembers by jail, so two
// containers cannot be mistaken for each other.
//
// One thread; filters that were compiled by one thread share programs, so that thread must be the one that uses them.
// Memory: some 100 kB a filter when idle, bounded by 1 MiB a regex whatever the lines are.
class LineFilter {
 public:
  // Refuses a filter that Python would refuse, and one without an address, by name:
  // `filter.d/x.conf:7: filter "x": missing ), group at column 12`.
  // `logtimezone` ("UTC+0200"), else `host_offset`, else UTC is the zone of dates that name none.
  static Result<std::unique_ptr<LineFilter>> compile(const FilterConfig& config, std::optional<std::string> logtimezone,
                                                     LocalOffset host_offset = {});

  virtual ~LineFilter() = default;

  // `line`: any bytes, any length; the caller caps the length. Linear in it but for a regex that explain() says PCRE2
  // runs; that is bounded in steps.
  // `memory`: of the log that the line is from; nullptr if needs_memory() is false, or for a line on its own.
  virtual FilterMatch match(std::string_view line, const LineContext& context, FilterMemory* memory = nullptr) = 0;

  // True if what a line means can depend on the lines before it.
  virtual bool needs_memory() const { return false; }
  virtual std::unique_ptr<FilterMemory> make_memory() const { return nullptr; }

  virtual LineRequirement requirement() const = 0;
  virtual std::vector<RegexExplanation> explain() const = 0;

  // True if the failregex address dockerd's raw JSON record (`^{"log":"...`), as the article's do: such a filter gets
  // LogLine::raw. Anyone who can write into the log can forge such lines; say so once.
  virtual bool wants_raw_json() const = 0;

  // Since they were taken last.
  virtual FilterCounters take_counters() { return {}; }

  // Sentences for the author of the filter, each with file:line: it works, but is dangerous or misleading.
  virtual std::vector<std::string> warnings() const { return {}; }
};

}  // namespace breakwater
