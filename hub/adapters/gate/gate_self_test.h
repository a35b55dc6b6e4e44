// SPDX-License-Identifier: Apache-2.0
// Proves at start that the door is shut.
#pragma once

#include <zmq.hpp>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/runtime/curve_keys.h"

namespace breakwater {

// Dials the ROUTER with a key made up a moment ago, over an abstract unix socket (no network, no file), and expects to
// be refused. An error if it is let in, or if nobody decides in time. To be called before the first real bind, so that
// a hub that fails it has never been reachable.
Result<void> a_stranger_is_refused(zmq::socket_t& router, const PublicKey& hub_key,
                                   Duration patience = std::chrono::seconds(10));

}  // namespace breakwater
