// SPDX-License-Identifier: Apache-2.0
// The rows of replies as JSON text: docs/query.md is the contract.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "common/wire/messages.h"
#include "hub/core/ledger.h"

namespace breakwater {

using RowJson = nlohmann::ordered_json;

const char* op_name(wire::DecisionOp op);

// null for kForever.
RowJson json_time(Timestamp t);

// One line of at most wire::kMaxRow bytes: of what is too long its longest list or object is cut, and `"cut":true` says
// so. Text that is not UTF-8 is mended.
std::string row_text(RowJson row);

RowJson offence_json(const OffenceRecord& record);
RowJson decision_json(const DecisionRecord& record);

std::string offence_row(const OffenceRecord& record, bool with_type);
std::string decision_row(const DecisionRecord& record);
std::string node_event_row(const std::string& node, const char* state, const std::string& text, Timestamp at);
// `decision` may be null: no longer in the log.
std::string enforced_row(const std::string& node, std::uint64_t epoch, std::uint64_t seq, Timestamp at,
                         std::uint32_t failed, const DecisionRecord* decision);
std::string top_row(const std::string& by, const TopRow& row, bool partial);

}  // namespace breakwater
