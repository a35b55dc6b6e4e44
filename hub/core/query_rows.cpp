// SPDX-License-Identifier: Apache-2.0
#include "hub/core/query_rows.h"

namespace breakwater {

const char* op_name(wire::DecisionOp op) {
  switch (op) {
    case wire::DecisionOp::ban:
      return "ban";
    case wire::DecisionOp::unban:
      return "unban";
    case wire::DecisionOp::allow:
      return "allow";
    case wire::DecisionOp::disallow:
      return "disallow";
  }
  return "";
}

RowJson json_time(Timestamp t) {
  return t == kForever ? RowJson(nullptr) : RowJson(to_unix_ms(t));
}

namespace {

void put_text(RowJson& row, const char* key, const std::string& text) {
  if (!text.empty()) row[key] = text;
}

std::string dumped(const RowJson& row) {
  return row.dump(-1, ' ', false, RowJson::error_handler_t::replace);
}

// Halves the longest list or object in it; false if there is none.
bool cut_longest(RowJson& row) {
  RowJson* longest = nullptr;
  for (auto& [key, value] : row.items()) {
    if (!value.is_structured() || value.empty()) continue;
    if (longest == nullptr || dumped(value).size() > dumped(*longest).size()) longest = &value;
  }
  if (longest == nullptr) return false;
  const std::size_t keep = longest->size() / 2;
  while (longest->size() > keep)
    longest->erase(std::prev(longest->end()));
  return true;
}

}  // namespace

std::string row_text(RowJson row) {
  std::string text = dumped(row);
  while (text.size() > wire::kMaxRow && cut_longest(row)) {
    row["cut"] = true;
    text = dumped(row);
  }
  return text;
}

RowJson offence_json(const OffenceRecord& record) {
  RowJson row;
  if (record.id > 0) row["id"] = record.id;
  row["at"] = json_time(record.offence.at);
  row["received_at"] = json_time(record.received_at);
  row["who"] = record.offence.who.text();
  row["jail"] = record.offence.jail;
  row["node"] = record.node;
  put_text(row, "container", record.offence.container);
  put_text(row, "image", record.offence.image);
  row["sample"] = record.offence.sample;
  return row;
}

RowJson decision_json(const DecisionRecord& record) {
  const wire::Decision& d = record.decision;
  RowJson row;
  row["type"] = "decision";
  row["op"] = op_name(d.op);
  row["who"] = d.who.text();
  if (d.op == wire::DecisionOp::ban || d.op == wire::DecisionOp::allow) row["until"] = json_time(d.until);
  row["decided_at"] = json_time(d.decided_at);
  row["epoch"] = record.epoch;
  row["seq"] = record.seq;
  put_text(row, "jail", d.jail);
  put_text(row, "node", record.node);
  row["by"] = record.by;
  put_text(row, "reason", d.reason);
  return row;
}

std::string offence_row(const OffenceRecord& record, bool with_type) {
  RowJson row = offence_json(record);
  if (!with_type) return row_text(std::move(row));
  RowJson typed;
  typed["type"] = "offence";
  typed.update(row);
  return row_text(std::move(typed));
}

std::string decision_row(const DecisionRecord& record) {
  return row_text(decision_json(record));
}

std::string node_event_row(const std::string& node, const char* state, const std::string& text, Timestamp at) {
  RowJson row;
  row["type"] = "node";
  row["node"] = node;
  row["state"] = state;
  row["at"] = json_time(at);
  put_text(row, "text", text);
  return row_text(std::move(row));
}

std::string enforced_row(const std::string& node, std::uint64_t epoch, std::uint64_t seq, Timestamp at,
                         std::uint32_t failed, const DecisionRecord* decision) {
  RowJson row;
  row["type"] = "enforced";
  row["node"] = node;
  row["epoch"] = epoch;
  row["seq"] = seq;
  row["at"] = json_time(at);
  row["failed"] = failed;
  if (decision != nullptr) {
    row["who"] = decision->decision.who.text();
    row["op"] = op_name(decision->decision.op);
    row["after_ms"] = (at - decision->decision.decided_at).count();
  }
  return row_text(std::move(row));
}

std::string top_row(const std::string& by, const TopRow& row, bool partial) {
  RowJson json;
  json["by"] = by;
  json["key"] = row.key;
  json["offences"] = row.offences;
  json["addresses"] = row.addresses;
  json["nodes"] = row.nodes;
  json["last"] = json_time(row.last);
  if (partial) json["partial"] = true;
  return row_text(std::move(json));
}

}  // namespace breakwater
