// SPDX-License-Identifier: Apache-2.0
#include "node/tools/trial_advice.h"

#include <algorithm>
#include <functional>

#include "common/base/text.h"
#include "common/runtime/time_zone.h"
#include "node/tools/terminal_text.h"

namespace breakwater {

namespace {

using MissedLine = TrialSummary::MissedLine;

bool is_hit(const FilterMatch& match) {
  return match.verdict != FilterVerdict::no_match && match.verdict != FilterVerdict::engine_failed;
}

std::string without_date_and_blank(const MissedLine& line) {
  if (!line.date) return line.text;
  std::string text = line.text;
  if (line.date->end <= text.size()) text.erase(line.date->begin, line.date->end - line.date->begin);
  text.erase(0, std::min(text.find_first_not_of(" \t"), text.size()));
  return text;
}

class Adviser {
 public:
  Adviser(const FilterTrial& trial, const TrialSummary& summary, const TrialCircumstances& circumstances)
      : config_(trial.config()), wants_raw_(trial.filter().wants_raw_json()), summary_(summary), was_(circumstances) {}

  std::vector<std::string> advise();

 private:
  void on_the_log();
  void on_the_format();
  void on_dates();
  void on_no_match();
  void on_matches();
  // How many of the samples match a filter made of `config`, each given as `text_of` makes it.
  std::size_t hits_with(const FilterConfig& config, const std::function<std::string(const MissedLine&)>& text_of) const;
  void say(std::string sentence) { out_.push_back(std::move(sentence)); }
  static std::string lines(std::uint64_t count) { return grouped(count) + (count == 1 ? " line" : " lines"); }

  const FilterConfig& config_;
  const bool wants_raw_;
  const TrialSummary& summary_;
  const TrialCircumstances& was_;
  std::vector<std::string> out_;
};

std::vector<std::string> Adviser::advise() {
  on_the_log();
  if (summary_.lines == 0) return out_;
  on_the_format();
  on_dates();
  if (summary_.matched == 0 && summary_.pending == 0 && summary_.ignored == 0) on_no_match();
  on_matches();
  return out_;
}

void Adviser::on_the_log() {
  if (summary_.lines == 0) return say("the log is empty");
  if (summary_.blank == summary_.lines) say("the log holds blank lines only");
  if (summary_.with_nuls * 10 > summary_.lines) {
    say(lines(summary_.with_nuls) + " hold NUL bytes: is this a log, and is it text?");
  }
}

void Adviser::on_the_format() {
  if (was_.detected != was_.used) {
    say("read as " + std::string(name_of(was_.used)) + ", but it looks like " + name_of(was_.detected) +
        ": try --format " + name_of(was_.detected));
  }
  if (wants_raw_ && was_.used != LogFormat::docker) {
    say("the filter is written for dockerd's raw records (^{\"log\":\"...), and this log has none");
  }
  if (summary_.unreadable > 0) {
    say(lines(summary_.unreadable) + (summary_.unreadable == 1 ? " is" : " are") + " not what --format " +
        name_of(was_.used) + " reads: the node drops such lines");
  }
}

void Adviser::on_dates() {
  if (was_.used == LogFormat::journal_json || summary_.undated == 0) return;
  const bool all = summary_.undated == summary_.lines - summary_.unreadable;
  if (!all) return;
  if (config_.datepattern.empty()) {
    say("no date was found in any line: all offences count as done at the time they are read");
  } else {
    say("datepattern (" + config_.datepattern.front().origin.text() +
        ") was found in no line: all offences count as done at the time they are read");
  }
}

std::size_t Adviser::hits_with(const FilterConfig& config,
                               const std::function<std::string(const MissedLine&)>& text_of) const {
  auto filter = LineFilter::compile(config, std::nullopt, host_offset);
  if (!filter) return 0;
  const auto memory = (*filter)->make_memory();
  std::size_t hits = 0;
  for (const MissedLine& line : summary_.samples) {
    LineContext context;
    context.now = was_.now;
    context.no_date = true;
    if (is_hit((*filter)->match(text_of(line), context, memory.get()))) ++hits;
  }
  return hits;
}

void Adviser::on_no_match() {
  if (config_.prefregex && summary_.prefix_hits == 0) {
    say("prefregex (" + config_.prefregex->origin.text() + ") matches no line: failregex was never asked");
  }
  const auto cut = [](const MissedLine& line) { return without_date_and_blank(line); };
  if (const auto hits = hits_with(config_, cut); hits > 0) {
    say(lines(hits) + " would match without the blank that is left where the date was cut out: write ^\\s* for ^");
    return;
  }
  if (const auto hits = hits_with(config_, [](const MissedLine& line) { return line.text; }); hits > 0) {
    say(lines(hits) +
        " would match with the date left in: it is cut out before the regexes see the line, so they must "
        "not ask for it");
  }
  if (!config_.use_dns) {
    FilterConfig with_names = config_;
    with_names.use_dns = true;
    const auto body = [](const MissedLine& line) {
      std::string text = line.text;
      if (line.date && line.date->end <= text.size()) text.erase(line.date->begin, line.date->end - line.date->begin);
      return text;
    };
    if (const auto hits = hits_with(with_names, body); hits > 0) {
      say(lines(hits) + " would match if <HOST> took names (usedns = yes): let the service log addresses");
    }
  }
}

void Adviser::on_matches() {
  if (summary_.matched == 0 && summary_.ignored > 0) {
    say("ignoreregex takes back every match");
  }
  if (summary_.matched == 0 && summary_.ignored == 0 && summary_.pending > 0) {
    say("what matched is no failure by itself (<F-NOFAIL>, or <F-MLFID> without an address)");
  }
  if (summary_.no_address > 0) {
    say(grouped(summary_.no_address) + (summary_.no_address == 1 ? " failure names" : " failures name") +
        " no address (" + terminal_text(summary_.strange_id, 60) + "): nobody is banned for them");
  }
  if (summary_.engine_failed > 0) {
    say("the regex engine gave up on " + lines(summary_.engine_failed) + ": the node counts and reports these");
  }
  if (summary_.last && *summary_.last > was_.now + std::chrono::minutes(1)) {
    say("some dates lie in the future: does the log have another time zone (--timezone, logtimezone in the jail), or "
        "--now an earlier time?");
  }
}

}  // namespace

std::vector<std::string> advice_on(const FilterTrial& trial, const TrialSummary& summary,
                                   const TrialCircumstances& circumstances) {
  return Adviser(trial, summary, circumstances).advise();
}

}  // namespace breakwater
