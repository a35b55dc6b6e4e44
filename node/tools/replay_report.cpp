// SPDX-License-Identifier: Apache-2.0
#include "node/tools/replay_report.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include <fmt/format.h>

#include "node/tools/json_text.h"
#include "node/tools/terminal_text.h"

namespace breakwater {

namespace {

constexpr std::size_t kFlushAt = 64 * 1024;
constexpr std::size_t kLinesShown = 5;

class JsonReport final : public ReplayReport {
 public:
  JsonReport(std::ostream& out, const std::vector<std::string>& logs) : out_(out), logs_(logs) {}

  void ban(const std::string& jail, const WouldBan& ban) override {
    JsonObject object(text_);
    object.add("address", ban.who.text());
    object.add("jail", jail);
    object.add("time", ban.at);
    object.add("count", std::uint64_t{ban.count});
    object.add("until", ban.until);
    add_lines(object, ban);
    object.end();
    text_ += '\n';
    if (text_.size() > kFlushAt) flush();
  }

  void end(const ReplayTotals& totals) override {
    JsonObject object(text_);
    object.key("summary");
    JsonObject summary(text_);
    summary.add("lines", totals.lines);
    summary.add("bytes", totals.bytes);
    summary.add("offences", sum(totals, [](const auto& jail) { return jail.counts.offences; }));
    summary.add("bans", sum(totals, [](const auto& jail) { return jail.bans; }));
    totals.first ? summary.add("first", *totals.first) : summary.add_null("first");
    totals.last ? summary.add("last", *totals.last) : summary.add_null("last");
    add_jails(summary, totals);
    summary.end();
    object.end();
    text_ += '\n';
    flush();
    out_.flush();
  }

 private:
  template <class Get>
  static std::uint64_t sum(const ReplayTotals& totals, const Get& get) {
    std::uint64_t all = 0;
    for (const auto& jail : totals.jails)
      all += get(jail);
    return all;
  }

  void add_lines(JsonObject& object, const WouldBan& ban) {
    const char* comma = "";
    object.key("lines");
    text_ += '[';
    for (const LineRef& line : ban.lines) {
      text_ += comma + std::to_string(line.number);
      comma = ",";
    }
    text_ += ']';
    add_logs(object, ban);
  }

  // One name stands for all lines, if they are all from there.
  void add_logs(JsonObject& object, const WouldBan& ban) {
    const auto other = [&](const LineRef& line) { return line.log != ban.lines.front().log; };
    const bool several = std::any_of(ban.lines.begin(), ban.lines.end(), other);
    const char* comma = "";
    object.key("logs");
    text_ += '[';
    for (std::size_t i = 0; i < (several ? ban.lines.size() : 1); ++i) {
      text_ += comma;
      append_json_string(text_, logs_[ban.lines[i].log]);
      comma = ",";
    }
    text_ += ']';
  }

  void add_jails(JsonObject& summary, const ReplayTotals& totals) {
    const char* comma = "";
    summary.key("jails");
    text_ += '[';
    for (const auto& jail : totals.jails) {
      text_ += comma;
      comma = ",";
      JsonObject object(text_);
      object.add("jail", jail.name);
      object.add("lines", jail.counts.lines);
      object.add("offences", jail.counts.offences);
      object.add("bans", jail.bans);
      object.add("addresses", jail.addresses);
      object.add("extended", jail.extended);
      object.add("ignored", jail.counts.ignored);
      object.add("pending", jail.counts.pending);
      object.add("no_address", jail.counts.no_address);
      object.add("engine_failed", jail.counts.engine_failed);
      object.add("left_out", jail.left_out);
      object.end();
    }
    text_ += ']';
  }

  void flush() {
    out_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
    text_.clear();
  }

  std::ostream& out_;
  const std::vector<std::string>& logs_;
  std::string text_;
};

std::string second_text(Timestamp when) {
  const std::string text = to_text(when);
  const std::size_t dot = text.find('.');
  return dot == std::string::npos ? text : text.substr(0, dot) + "Z";
}

class TableReport final : public ReplayReport {
 public:
  TableReport(std::ostream& out, const std::vector<std::string>& logs) : out_(out), logs_(logs) {}

  void ban(const std::string& jail, const WouldBan& ban) override {
    if (!std::exchange(headed_, true)) {
      out_ << fmt::format("{:<20}  {:<20}  {:<39}  {:>5}  {:<20}  lines\n", "time (UTC)", "jail", "address", "count",
                          "until");
    }
    out_ << fmt::format("{:<20}  {:<20}  {:<39}  {:>5}  {:<20}  {}\n", second_text(ban.at), jail, ban.who.text(),
                        ban.count, second_text(ban.until), line_text(ban));
  }

  void end(const ReplayTotals& totals) override {
    if (headed_) out_ << "\n";
    out_ << fmt::format("{:<20}  {:>12}  {:>12}  {:>9}  {:>9}  {:>9}\n", "jail", "lines", "offences", "bans",
                        "addresses", "ignored");
    for (const auto& jail : totals.jails) {
      out_ << fmt::format("{:<20}  {:>12}  {:>12}  {:>9}  {:>9}  {:>9}\n", jail.name, grouped(jail.counts.lines),
                          grouped(jail.counts.offences), grouped(jail.bans), grouped(jail.addresses),
                          grouped(jail.counts.ignored));
    }
    for (const auto& jail : totals.jails)
      note(jail);
    out_ << fmt::format("\n{} lines, {} bytes", grouped(totals.lines), grouped(totals.bytes));
    if (totals.first) {
      out_ << fmt::format("; offences from {} to {}", second_text(*totals.first), second_text(*totals.last));
    }
    out_ << "\n";
    out_.flush();
  }

 private:
  std::string line_text(const WouldBan& ban) const {
    std::string out;
    const std::size_t skipped = ban.lines.size() > kLinesShown ? ban.lines.size() - kLinesShown : 0;
    if (skipped > 0) out = "...";
    for (std::size_t i = skipped; i < ban.lines.size(); ++i) {
      if (!out.empty()) out += ' ';
      if (logs_.size() > 1) out += terminal_text(logs_[ban.lines[i].log], 60) + ":";
      out += std::to_string(ban.lines[i].number);
    }
    return out;
  }

  void note(const ReplayTotals::Jail& jail) {
    const auto say = [&](std::uint64_t count, const char* what) {
      if (count > 0) out_ << fmt::format("{}: {} {}\n", jail.name, grouped(count), what);
    };
    say(jail.extended, "bans would have been made longer by further offences");
    say(jail.counts.pending, "lines matched and are no failure by themselves");
    say(jail.counts.no_address, "lines matched and name no address");
    say(jail.counts.engine_failed, "lines on which the regex engine gave up");
    say(jail.left_out, "offences were not counted: too many addresses at once");
  }

  std::ostream& out_;
  const std::vector<std::string>& logs_;
  bool headed_ = false;
};

}  // namespace

std::unique_ptr<ReplayReport> make_json_report(std::ostream& out, const std::vector<std::string>& logs) {
  return std::make_unique<JsonReport>(out, logs);
}

std::unique_ptr<ReplayReport> make_table_report(std::ostream& out, const std::vector<std::string>& logs) {
  return std::make_unique<TableReport>(out, logs);
}

}  // namespace breakwater
