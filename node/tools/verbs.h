// SPDX-License-Identifier: Apache-2.0
// The command line of the tools for authors of filters: test-filter, replay.
#pragma once

namespace CLI {
class App;
}

namespace breakwater {

// Adds the verbs to the program's; each sets `status` when it ran.
void add_tool_verbs(CLI::App& app, int& status);

}  // namespace breakwater
