// SPDX-License-Identifier: Apache-2.0
#include "node/core/gate/byte_scanner.h"

namespace breakwater {

Result<std::unique_ptr<ByteScanner>> ByteScanner::make(const std::vector<ScannerLiteral>& literals) {
  if (hs_valid_platform() != HS_SUCCESS) return Error("Hyperscan cannot run on this processor (it has no SSSE3)");
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  std::vector<unsigned> flags, numbers;
  for (const ScannerLiteral& literal : literals) {
    texts.push_back(literal.text.data());
    lengths.push_back(literal.text.size());
    flags.push_back(literal.caseless ? HS_FLAG_CASELESS : 0);
    numbers.push_back(static_cast<unsigned>(numbers.size()));
  }
  std::unique_ptr<ByteScanner> out(new ByteScanner);
  hs_compile_error_t* problem = nullptr;
  if (hs_compile_lit_multi(texts.data(), flags.data(), numbers.data(), lengths.data(),
                           static_cast<unsigned>(texts.size()), HS_MODE_BLOCK, nullptr, &out->database_,
                           &problem) != HS_SUCCESS) {
    Error error("Hyperscan: " + std::string(problem != nullptr ? problem->message : "cannot compile"));
    hs_free_compile_error(problem);
    return error;
  }
  if (hs_alloc_scratch(out->database_, &out->scratch_) != HS_SUCCESS) return Error("Hyperscan: no memory");
  return out;
}

ByteScanner::~ByteScanner() {
  hs_free_scratch(scratch_);
  hs_free_database(database_);
}

std::size_t ByteScanner::memory() const {
  std::size_t database = 0, scratch = 0;
  hs_database_size(database_, &database);
  hs_scratch_size(scratch_, &scratch);
  return database + scratch;
}

}  // namespace breakwater
