// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/ledger/ledger_rows.h"

namespace breakwater {

std::string address_key(const Address& address) {
  const auto bytes = address.bytes();
  std::string key(1, address.is_v4() ? '\x04' : '\x06');
  key.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return key;
}

std::pair<std::string, std::string> range_keys(const Prefix& range) {
  std::string first = address_key(range.address());
  std::string last = first;
  for (unsigned bit = range.length(); bit < range.address().bits(); ++bit) {
    last[1 + bit / 8] = static_cast<char>(static_cast<unsigned char>(last[1 + bit / 8]) | (0x80u >> (bit % 8)));
  }
  return {std::move(first), std::move(last)};
}

Result<Address> address_of(std::string_view key) {
  if (key.empty()) return Error("an empty address in the ledger");
  key.remove_prefix(1);
  return Address::from_bytes({reinterpret_cast<const std::uint8_t*>(key.data()), key.size()});
}

Result<OffenceRecord> offence_row(const SqliteStatement& row) {
  const auto who = address_of(row.blob(3));
  if (!who) return who.error();
  OffenceRecord record;
  record.id = row.unsigned_integer(0);
  record.received_at = from_unix_ms(row.integer(1));
  record.node = row.text(4);
  record.offence.nseq = row.unsigned_integer(9);
  record.offence.at = from_unix_ms(row.integer(2));
  record.offence.who = *who;
  record.offence.jail = row.text(5);
  record.offence.container = row.text(6);
  record.offence.image = row.text(7);
  record.offence.sample = row.text(8);
  return record;
}

Result<DecisionRecord> decision_row(const SqliteStatement& row) {
  const auto address = address_of(row.blob(3));
  if (!address) return address.error();
  const auto length = static_cast<unsigned>(row.integer(4));
  if (length > address->bits())
    return Error("a decision in the ledger has a prefix length of " + std::to_string(length));
  DecisionRecord record;
  record.seq = row.unsigned_integer(0);
  record.epoch = row.unsigned_integer(1);
  record.decision.op = static_cast<wire::DecisionOp>(row.integer(2));
  record.decision.who = Prefix(*address, length);
  record.decision.until = from_unix_ms(row.integer(5));
  record.decision.decided_at = from_unix_ms(row.integer(6));
  record.decision.jail = row.text(7);
  record.decision.reason = row.text(8);
  record.by = row.text(9);
  record.node = row.text(10);
  return record;
}

}  // namespace breakwater
