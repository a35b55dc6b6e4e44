// SPDX-License-Identifier: Apache-2.0
// FileTail: renamed, removed, truncated, successors.
#include <algorithm>
#include <utility>

#include <sys/inotify.h>

#include "node/adapters/logs/file_tail.h"
#include "node/core/framing/line_framing.h"

namespace breakwater {

namespace {

// A held descriptor keeps an unlinked inode alive: its removal shows as IN_ATTRIB, not IN_DELETE_SELF.
constexpr std::uint32_t kFileMask = IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF;
constexpr std::uint32_t kDirectoryMask = IN_CREATE | IN_MOVED_TO;
constexpr std::size_t kMaxStragglers = 4;

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace

void FileTail::watch_directory() {
  auto watch = inotify_.watch(directory_of(settings_.path), kDirectoryMask | IN_ONLYDIR,
                              [this, name = name_of(settings_.path)](std::uint32_t, std::string_view entry) {
                                if (entry == name) callbacks_.woken();
                              });
  if (watch) directory_watch_ = std::move(*watch);
}

void FileTail::watch_segment() {
  successor_watch_.reset();
  watched_successor_.reset();
  successor_.reset();
  if (!queue_.empty()) return;  // a predecessor: nobody writes into it
  auto watch = inotify_.watch_open_file(current_->reader->fd(), kFileMask,
                                        [this](std::uint32_t, std::string_view) { callbacks_.woken(); });
  watched_ = static_cast<bool>(watch) && static_cast<bool>(directory_watch_);
  if (watch) current_->watch = std::move(*watch);
}

bool FileTail::at_end() {
  if (!queue_.empty()) {
    next_segment();
    return true;
  }
  if (finishing_) {
    framing_->end_of_file(sink_);
    framing_->flush(sink_);
    finished_ = true;
    return false;
  }
  switch (where_path_leads()) {
    case PathLeads::nowhere:
      if (!directory_watch_) watch_directory();
      return false;
    case PathLeads::here:
    case PathLeads::to_empty_successor:
      drained_ = false;
      return false;
    case PathLeads::to_successor:
      break;
  }
  // What was written between our last read and the rename is read first.
  if (!std::exchange(drained_, true)) return true;
  drained_ = false;
  return advance();
}

FileTail::PathLeads FileTail::where_path_leads() {
  const auto facts = facts_of(settings_.path);
  if (!facts) return PathLeads::nowhere;
  if (facts->id == current_->id) return PathLeads::here;
  if (facts->size > 0) return PathLeads::to_successor;
  watch_successor(*facts);
  return PathLeads::to_empty_successor;
}

void FileTail::watch_successor(const FileFacts& facts) {
  if (watched_successor_ == facts.id) return;
  successor_ = open_log(settings_.path);
  if (!successor_) return;
  auto watch = inotify_.watch_open_file(successor_.get(), kFileMask,
                                        [this](std::uint32_t, std::string_view) { callbacks_.woken(); });
  if (!watch) {
    watched_ = false;
    return;
  }
  successor_watch_ = std::move(*watch);
  watched_successor_ = facts.id;
  // Content that came before the watch gave no event.
  const auto now = facts_of(successor_.get());
  if (now && now->size > 0) callbacks_.woken();
}

bool FileTail::advance() {
  std::vector<ChainFile> chain = open_rotation_chain(settings_.path);
  std::size_t newer = 0;
  while (newer < chain.size() && chain[newer].facts.id != current_->id)
    ++newer;
  if (newer == chain.size()) {
    // Removed. Was it compressed before it was?
    const auto found =
        identifies(current_->head) ? find_by_fingerprint(chain, in_segment(*current_, {})) : std::nullopt;
    newer = found.value_or(newer);
  }
  current_->findable = newer < chain.size();
  for (std::size_t i = newer; i-- > 0;) {
    // Of a plain log without a trace of the old file, the predecessors are older than that.
    if (settings_.docker_json || current_->findable || chain[i].number == 0) enqueue(std::move(chain[i]), 0, false);
  }
  if (queue_.empty()) return false;  // between two renames; the creation of the log will wake us
  ++counters_.rotations;
  keep_straggler();
  next_segment();
  return true;
}

void FileTail::next_segment() {
  // A line that waits for its next piece since two files ago will not get it.
  if (previous_ && framing_->position().resume < current_->start) framing_->flush(sink_);
  framing_->end_of_file(sink_);
  current_->watch.reset();
  current_->reader.reset();
  previous_ = std::move(current_);
  restarted_ = false;
  take_next();
}

void FileTail::keep_straggler() {
  if (settings_.docker_json || stragglers_.size() >= kMaxStragglers) return;
  Straggler old;
  old.offset = current_->offset;
  old.framing = std::make_unique<LineFraming>(
      FramingStart{.at = {current_->offset, current_->offset}, .in_mid_line = false}, settings_.limits);
  old.framing->set_gate(gate_);
  old.watch = std::move(current_->watch);
  old.reader = std::move(current_->reader);
  stragglers_.push_back(std::move(old));
}

bool FileTail::drain_stragglers(std::span<char> buffer) {
  bool wrote = false;
  for (Straggler& old : stragglers_) {
    const ReadOutcome outcome = old.reader->read(old.offset, buffer);
    if (outcome.bytes == 0) continue;
    wrote = true;
    old.offset += outcome.bytes;
    counters_.bytes += outcome.bytes;
    old.framing->feed(std::string_view(buffer.data(), outcome.bytes),
                      [this](const FramedLine& line) { callbacks_.line(line, position(), false, false); });
  }
  return wrote;
}

// Called before each read: within the microseconds between the two no file is truncated and grown again to where we
// are. Compares the beginning, not only the size, because a truncated file may have grown beyond our offset by now.
bool FileTail::was_truncated() {
  if (current_->offset == 0) return false;
  const auto facts = facts_of(current_->reader->fd());
  if (!facts) return false;
  if (facts->size < current_->offset) return true;
  if (facts->size == current_->offset || current_->head.empty()) return false;
  const std::size_t compared = std::min(current_->head.size(), kHead);
  return current_->reader->head(compared) != std::string_view(current_->head).substr(0, compared);
}

void FileTail::restart_truncated() {
  ++counters_.truncations;
  auto emptied = std::make_unique<Segment>();
  emptied->id = current_->id;
  if (auto copy = unread_copy()) {
    // copytruncate: the rest stands in the copy, at the same offset.
    emptied->reader = std::exchange(current_->reader, std::move(copy->reader));
    current_->id = copy->facts.id;
    current_->watch.reset();
    queue_.push_back(std::move(emptied));
    return;
  }
  framing_->skip_hole(0);  // what was torn stays torn
  framing_->flush(sink_);
  emptied->reader = std::move(current_->reader);
  previous_.reset();
  current_.reset();
  queue_.push_back(std::move(emptied));
  take_next();
  restarted_ = true;
}

std::optional<ChainFile> FileTail::unread_copy() const {
  if (!identifies(current_->head)) return std::nullopt;
  std::vector<ChainFile> chain = open_rotation_chain(settings_.path);
  std::erase_if(chain, [&](const ChainFile& file) {
    return file.gzip || file.facts.id == current_->id || file.facts.size <= current_->offset;
  });
  const auto copy = find_by_fingerprint(chain, in_segment(*current_, {}));
  if (!copy) return std::nullopt;
  return std::move(chain[*copy]);
}

bool FileTail::is_gone() const {
  if (!current_) return !facts_of(settings_.path);
  if (!queue_.empty() || facts_of(settings_.path)) return false;
  const auto facts = facts_of(current_->reader->fd());
  return !facts || !facts->linked;
}

}  // namespace breakwater
