// SPDX-License-Identifier: Apache-2.0
// Runs the tool as main() would, without a process, a terminal or a hub.
#pragma once

#include <sstream>

#include <gtest/gtest.h>

#include "hub/query/verbs.h"
#include "tests/hub/query/fake_hub.h"

namespace breakwater {

class StillClock final : public Clock {
 public:
  Timestamp wall() const override { return now; }
  Tick steady() const override { return {}; }
  Timestamp now = from_unix_ms(1'769'851'375'123);  // 2026-01-31T09:22:55.123Z
};

class QueryTest : public testing::Test {
 protected:
  ExitCode run(const std::vector<std::string>& arguments) {
    out.str("");
    err.str("");
    auto parsed = parse_options(arguments);
    if (const auto* farewell = std::get_if<Farewell>(&parsed)) {
      ADD_FAILURE() << farewell->text;
      return farewell->code;
    }
    const Options options = std::get<Options>(parsed);
    const Console console{out, err, width, colour, ascii};
    return run_verb(Session{options, hub, console, clock});
  }
  const wire::Query& last_question() const { return hub.asked.back(); }

  FakeHub hub;
  StillClock clock;
  std::ostringstream out, err;
  std::size_t width = 0;
  bool colour = false;
  bool ascii = false;
};

}  // namespace breakwater
