// SPDX-License-Identifier: Apache-2.0
// Reading: bytes, lines, positions. What happens to the file: file_tail_rotation.cpp.
#include "node/adapters/logs/file_tail.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <sys/inotify.h>

#include "common/base/text.h"
#include "node/core/framing/docker_json_framing.h"
#include "node/core/framing/line_framing.h"

namespace breakwater {

namespace {

const FramingCounters kNoCounters;

// A position that says: only the log itself, from its start, none of its predecessors (they were read). Written after
// a truncation while the new content is too short to be recognised.
constexpr LogPosition kOnlyTheLogItself{0, 0, 1, 0};
bool is_only_the_log_itself(const LogPosition& p) {
  return p.fingerprint_bytes == 0 && p.fingerprint != 0;
}

// The newest `budget` bytes: how many files of the chain, and from where in the oldest of them.
struct Cut {
  std::size_t files = 0;
  std::uint64_t from = 0;
};
Cut cut_backlog(const std::vector<ChainFile>& chain, std::size_t files, std::uint64_t budget) {
  Cut cut;
  while (cut.files < files) {
    const ChainFile& file = chain[cut.files];
    if (file.gzip && cut.files > 0) break;  // nobody knows its size; older than all that is not compressed
    ++cut.files;
    cut.from = file.facts.size - std::min(file.facts.size, budget);
    budget -= std::min(file.facts.size, budget);
    if (budget == 0) break;
  }
  return cut;
}

std::unique_ptr<Framing> make_framing(bool docker_json, FramingStart start, FramingLimits limits) {
  if (docker_json) return std::make_unique<DockerJsonFraming>(start, limits);
  return std::make_unique<LineFraming>(start, limits);
}

}  // namespace

FileTail::FileTail(Inotify& inotify, TailSettings settings, TailCallbacks callbacks)
    : inotify_(inotify), settings_(std::move(settings)), callbacks_(std::move(callbacks)) {
  sink_ = [this](const FramedLine& line) { deliver(line); };
  watch_directory();
  // Opened now, not at the first read: what is written, renamed or removed from here on happens to a file we hold.
  begin();
}

FileTail::~FileTail() = default;

const FramingCounters& FileTail::framing_counters() const {
  return framing_ ? framing_->counters() : kNoCounters;
}

bool FileTail::step(std::span<char> buffer) {
  if (finished_) return false;
  if (!current_ && !begin()) {
    finished_ = finishing_;
    return false;
  }
  const bool stragglers_wrote = drain_stragglers(buffer);
  if (queue_.empty() && !finishing_ && was_truncated()) {
    restart_truncated();
    return true;
  }
  const ReadOutcome outcome = current_->reader->read(current_->offset, buffer);
  if (outcome.failed) ++counters_.read_errors;
  if (outcome.end) return at_end() || stragglers_wrote;
  drained_ = false;
  if (outcome.bytes > 0) on_bytes(std::string_view(buffer.data(), outcome.bytes), outcome.hole);
  return true;
}

bool FileTail::begin() {
  if (!directory_watch_) watch_directory();
  std::vector<ChainFile> chain = open_rotation_chain(settings_.path);
  if (chain.empty()) {
    // It will be new when it comes.
    if (!settings_.stored) settings_.first_sight = FirstSight::beginning;
    return false;
  }
  if (settings_.stored && !begun_) {
    begin_stored(std::move(chain), *settings_.stored);
  } else {
    begin_first(std::move(chain));
  }
  if (queue_.empty()) return false;  // between two renames: the log itself will come
  begun_ = true;
  take_next();
  return true;
}

void FileTail::begin_stored(std::vector<ChainFile> chain, const LogPosition& stored) {
  const auto found = find_by_fingerprint(chain, stored);
  if (found) {
    StreamPosition at{stored.resume, stored.delivered};
    const std::uint64_t size = chain[*found].facts.size;
    // The file ends before the position: its end was lost with the power. What comes now is new.
    if (*found == 0 && !chain[0].gzip && size < at.resume) at = {size, size};
    start_framing({.at = at});
    for (std::size_t i = *found + 1; i-- > 0;)
      enqueue(std::move(chain[i]), i == *found ? at.resume : 0, true);
    queue_.front()->head = queue_.front()->reader->head(stored.fingerprint_bytes);
    queue_.front()->fingerprint = stored.fingerprint;
    return;
  }
  if (stored.fingerprint_bytes > 0) ++counters_.positions_lost;
  start_framing({});
  // The predecessors of a plain log are old; a truncated file starts with NULs, and what stood before was read.
  const bool truncated = chain[0].reader->head(1) == std::string(1, '\0');
  const bool all = settings_.docker_json && !is_only_the_log_itself(stored) && !truncated;
  for (std::size_t i = all ? chain.size() : 1; i-- > 0;) {
    if (all || chain[i].number == 0) enqueue(std::move(chain[i]), 0, true);
  }
}

void FileTail::begin_first(std::vector<ChainFile> chain) {
  // A container's rotated files are its log, too; the predecessors of a plain log are old.
  std::size_t files = chain.size();
  if (!settings_.docker_json) files = chain[0].number == 0 ? 1 : 0;
  std::uint64_t from = 0;  // in the oldest that is read
  if (settings_.first_sight != FirstSight::beginning) {
    const bool to_end = settings_.first_sight == FirstSight::end;
    const Cut cut =
        cut_backlog(chain, std::min<std::size_t>(files, to_end ? 1 : files), to_end ? 0 : settings_.backlog_bytes);
    files = cut.files;
    from = cut.from;
    if (!to_end) counters_.backlog_skipped += from;
  }
  if (files == 0) return;
  char before = '\n';
  const bool in_mid_line =
      from > 0 && chain[files - 1].reader->read(from - 1, {&before, 1}).bytes == 1 && before != '\n';
  start_framing({.at = {from, from}, .in_mid_line = in_mid_line});
  for (std::size_t i = files; i-- > 0;)
    enqueue(std::move(chain[i]), i + 1 == files ? from : 0, false);
}

void FileTail::start_framing(FramingStart start) {
  framing_ = make_framing(settings_.docker_json, start, settings_.limits);
  framing_->set_gate(gate_);
}

void FileTail::set_gate(std::shared_ptr<LineGate> gate) {
  gate_ = std::move(gate);
  if (framing_) framing_->set_gate(gate_);
  for (Straggler& old : stragglers_)
    old.framing->set_gate(gate_);
}

void FileTail::enqueue(ChainFile file, std::uint64_t offset, bool missed) {
  auto segment = std::make_unique<Segment>();
  segment->id = file.facts.id;
  segment->offset = offset;
  segment->old_until = 0;
  const bool born_before = settings_.started && file.facts.born && *file.facts.born < *settings_.started;
  segment->backlog = !missed && !begun_ && (settings_.first_sight == FirstSight::backlog || born_before);
  if (missed || segment->backlog)
    segment->old_until = file.gzip ? std::numeric_limits<std::uint64_t>::max() : file.facts.size;
  segment->reader = std::move(file.reader);
  queue_.push_back(std::move(segment));
}

// The first file of the stream.
void FileTail::take_next() {
  current_ = std::move(queue_.front());
  queue_.pop_front();
  current_->start = framing_->fed() - current_->offset;
  update_head();
  watch_segment();
}

void FileTail::on_bytes(std::string_view bytes, std::uint64_t hole) {
  current_->offset += bytes.size();
  counters_.bytes += bytes.size();
  update_head();
  if (flush_at_ && framing_->fed() + bytes.size() >= *flush_at_) {
    const auto before = static_cast<std::size_t>(*flush_at_ - std::min(*flush_at_, framing_->fed()));
    framing_->feed(bytes.substr(0, before), sink_);
    framing_->flush(sink_);
    flush_at_.reset();
    bytes.remove_prefix(before);
  }
  framing_->feed(bytes, sink_);
  if (hole == 0 || framing_->consumed() != framing_->fed()) return;
  framing_->skip_hole(hole);
  current_->offset += hole;
}

void FileTail::update_head() {
  Segment& segment = *current_;
  if (segment.head.size() >= kHead && identifies(segment.head)) return;
  std::string head = identifying_head(*segment.reader);
  // Only what was read: more may be written at this very moment.
  if (head.size() > segment.offset) head.resize(static_cast<std::size_t>(segment.offset));
  if (head.size() <= segment.head.size()) return;
  segment.head = std::move(head);
  segment.fingerprint = fnv1a(segment.head);
}

void FileTail::deliver(const FramedLine& line) {
  const bool old = line.last - std::min(line.last, current_->start) <= current_->old_until;
  callbacks_.line(line, stored_form(line.after), old && current_->backlog, old && !current_->backlog);
}

LogPosition FileTail::in_segment(const Segment& segment, StreamPosition at) {
  const auto from_start = [&](std::uint64_t offset) { return offset - std::min(offset, segment.start); };
  return {.resume = from_start(at.resume),
          .delivered = from_start(at.delivered),
          .fingerprint = segment.head.empty() ? 0 : segment.fingerprint,
          .fingerprint_bytes = static_cast<std::uint32_t>(segment.head.size())};
}

// The position names one file. While a line waits whose first piece stands in the previous file, or while the current
// one cannot be recognised yet, that is the previous one, and `delivered` counts on beyond its end.
LogPosition FileTail::stored_form(StreamPosition at) const {
  if (!current_) return settings_.stored && !begun_ ? *settings_.stored : LogPosition{};
  const bool recognisable = identifies(current_->head);
  if (previous_ && (!recognisable || (at.resume < current_->start && previous_->findable)))
    return in_segment(*previous_, at);
  if (!recognisable && restarted_) return kOnlyTheLogItself;
  return in_segment(*current_, at);
}

LogPosition FileTail::position() const {
  return stored_form(framing_ ? framing_->position() : StreamPosition{});
}

void FileTail::writer_ended() {
  if (!current_ || finishing_ || !queue_.empty()) return;
  const auto facts = facts_of(current_->reader->fd());
  if (!facts || facts->size < current_->offset) return;
  flush_at_ = current_->start + facts->size;
  if (facts->size > current_->offset) return;
  framing_->flush(sink_);
  flush_at_.reset();
}

void FileTail::finish() {
  finishing_ = true;
}

}  // namespace breakwater
