// SPDX-License-Identifier: Apache-2.0
// Any frame from the network. What is taken means the same once it is encoded again.
#include "common/wire/codec.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace breakwater;
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  const auto decoded = wire::decode_frame(frame);
  const auto* message = std::get_if<wire::Message>(&decoded);
  if (const auto* error = std::get_if<Error>(&decoded))
    fuzz::expect(!error->message().empty(), "refused without a reason");
  if (message == nullptr) return 0;
  const auto again = wire::decode(wire::encode(*message));
  fuzz::expect(again.has_value(), "what was decoded cannot be sent");
  fuzz::expect(*again == *message, "what was decoded is not what is sent");
  return 0;
}
