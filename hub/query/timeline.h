// SPDX-License-Identifier: Apache-2.0
// One attack in milliseconds: `breakwater why --timeline`.
#pragma once

#include <string>
#include <vector>

#include "hub/query/console.h"
#include "hub/query/row.h"

namespace breakwater {

// What the rows of `why` tell, in the order of time, a line each, with milliseconds since the first event: an offence
// was logged and received, a decision was made, a node's kernel held it. An enforcement whose time the hub does not
// know is left out. Times of the log are the host's, all others the hub's.
std::string timeline_text(const std::vector<Row>& rows, const Console& console);

}  // namespace breakwater
