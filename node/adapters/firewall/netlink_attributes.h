// SPDX-License-Identifier: Apache-2.0
// libmnl's attribute loops as C++ ranges (its macros are C only).
#pragma once

#include <cstddef>

#include <libmnl/libmnl.h>

namespace breakwater {

// for (const nlattr* attribute : NetlinkAttributes::of(message, sizeof(nfgenmsg))) ...
// Stops at the first attribute that does not fit; an attribute's own payload is whole.
class NetlinkAttributes {
 public:
  // Behind a family's header of `header` bytes.
  static NetlinkAttributes of(const nlmsghdr* message, std::size_t header) {
    const std::size_t skip = MNL_ALIGN(header);
    const std::size_t length = mnl_nlmsg_get_payload_len(message);
    const auto* payload = static_cast<const char*>(mnl_nlmsg_get_payload(message));
    return length <= skip ? NetlinkAttributes(payload, 0) : NetlinkAttributes(payload + skip, length - skip);
  }
  static NetlinkAttributes inside(const nlattr* nest) {
    return {static_cast<const char*>(mnl_attr_get_payload(nest)), mnl_attr_get_payload_len(nest)};
  }
  NetlinkAttributes(const char* data, std::size_t length) : data_(data), end_(data + length) {}

  class Iterator {
   public:
    Iterator(const char* at, const char* end) : at_(at), end_(end) { check(); }
    const nlattr* operator*() const { return reinterpret_cast<const nlattr*>(at_); }
    Iterator& operator++() {
      const auto step = static_cast<std::ptrdiff_t>(MNL_ALIGN((**this)->nla_len));
      at_ = step < end_ - at_ ? at_ + step : end_;
      check();
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    void check() {
      if (at_ != end_ && mnl_attr_ok(**this, static_cast<int>(end_ - at_)) == 0) at_ = end_;
    }
    const char* at_;
    const char* end_;
  };
  Iterator begin() const { return {data_, end_}; }
  Iterator end() const { return {end_, end_}; }

 private:
  const char* data_;
  const char* end_;
};

}  // namespace breakwater
