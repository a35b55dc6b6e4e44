// SPDX-License-Identifier: Apache-2.0
// Failure in the signature: Result<T> holds a T or an Error. Mirrors std::expected, which g++ 12 lacks in C++20.
#pragma once

#include <cassert>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace breakwater {

// What went wrong, in words for the person who must act on it. Contains no secrets. Text from outside must be
// escaped (common/base/text.h: escaped()) before it goes in.
class Error {
 public:
  explicit Error(std::string message) : message_(std::move(message)) {}

  const std::string& message() const { return message_; }

  // Adds what was being done: Error("no such file").within("reading node.conf") -> "reading node.conf: no such file".
  Error within(std::string_view doing) const {
    std::string text(doing);
    text += ": ";
    text += message_;
    return Error(std::move(text));
  }

  bool operator==(const Error&) const = default;

 private:
  std::string message_;
};

// "opening /x: No such file or directory", from errno as it is now (or from `number`).
inline Error system_error(std::string_view doing, int number = errno) {
  return Error(std::string(std::strerror(number))).within(doing);
}

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: conversion is the point
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // Asking the wrong one is our own bug: asserted.
  T& value() & {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  // By value: `for (auto& x : list().value())` must not walk over what is gone.
  T value() && {
    assert(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  const Error& error() const {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT: conversion is the point

  bool has_value() const { return ok_; }
  explicit operator bool() const { return ok_; }
  const Error& error() const {
    assert(!ok_);
    return error_;
  }

 private:
  Error error_{""};
  bool ok_ = true;
};

}  // namespace breakwater
