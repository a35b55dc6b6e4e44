// SPDX-License-Identifier: Apache-2.0
#include "tests/common/wire/walkers.h"

namespace breakwater::wire {
namespace {

template <class M>
void reconcile(M&, Filler&) {}

void reconcile(Hello& m, Filler&) {
  if (m.proto_min > m.proto_max) std::swap(m.proto_min, m.proto_max);
  if (m.spool_first > m.spool_last) std::swap(m.spool_first, m.spool_last);
}

void reconcile(Welcome& m, Filler&) {
  m.dead_ms = std::max(m.dead_ms, m.ping_ms);
}

void reconcile(OffenceBatch& m, Filler& filler) {
  std::uint64_t nseq = m.after = filler.pick(0, kAny64 - 1'000'000);
  for (auto& offence : m.offences)
    offence.nseq = nseq += filler.pick(1, 5000);
}

void reconcile(SnapshotChunk& m, Filler&) {
  if (m.index >= m.total) m.index = m.total - 1;
}

template <std::size_t I>
Message fill(std::size_t index, std::mt19937_64& random) {
  if constexpr (I + 1 < std::variant_size_v<Message>) {
    if (index != I) return fill<I + 1>(index, random);
  }
  std::variant_alternative_t<I, Message> message;
  Filler filler(random);
  Shape<std::decay_t<decltype(message)>>::fields(filler, message);
  reconcile(message, filler);
  return message;
}

}  // namespace

Message random_message(std::size_t index, std::mt19937_64& random) {
  return fill<0>(index, random);
}

}  // namespace breakwater::wire
