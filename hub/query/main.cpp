// SPDX-License-Identifier: Apache-2.0
// `breakwater`, the operator's tool: see breakwater(1).
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/runtime/signals.h"
#include "common/runtime/system_clock.h"
#include "hub/query/admin_hub_client.h"
#include "hub/query/verbs.h"

namespace breakwater {
namespace {

int ended(ExitCode code) {
  return static_cast<int>(code);
}

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

Console this_console() {
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  const char* no_colour = std::getenv("NO_COLOR");  // https://no-color.org
  const char* term = std::getenv("TERM");
  const bool colour =
      terminal && (no_colour == nullptr || *no_colour == '\0') && term != nullptr && std::string_view(term) != "dumb";
  std::setlocale(LC_CTYPE, "");
  const bool utf8 = std::string_view(nl_langinfo(CODESET)) == "UTF-8";
  return Console{std::cout, std::cerr, terminal ? terminal_width() : 0, colour, terminal && !utf8};
}

// Only `watch` waits for ever: it takes the interrupt as its normal end. Everything else just dies of it.
Result<std::optional<Signals>> signals_for(Verb verb) {
  if (verb != Verb::watch) return std::optional<Signals>();
  auto signals = Signals::block({SIGINT, SIGTERM});
  if (!signals) return signals.error();
  return std::optional<Signals>(*std::move(signals));
}

int run(const Options& options) {
  const Console console = this_console();
  const auto signals = signals_for(options.verb);
  if (!signals) {
    console.err << "breakwater: " << signals.error().message() << '\n';
    return ended(ExitCode::usage);
  }
  auto hub = AdminHubClient::open(options, *signals ? (*signals)->fd() : -1);
  if (!hub) {
    console.err << "breakwater: " << console.safe(hub.error().message()) << '\n';
    return ended(ExitCode::usage);
  }
  // From here on questions can be asked; whether anybody answers, the first one shows.
  const SystemClock clock;
  return ended(run_verb(Session{options, *hub, console, clock}));
}

}  // namespace
}  // namespace breakwater

int main(int argc, char** argv) {
  using namespace breakwater;
  const auto parsed = parse_options(std::vector<std::string>(argv + 1, argv + argc));
  if (const auto* farewell = std::get_if<Farewell>(&parsed)) {
    (farewell->code == ExitCode::ok ? std::cout : std::cerr) << farewell->text;
    return ended(farewell->code);
  }
  return run(std::get<Options>(parsed));
}
