// SPDX-License-Identifier: Apache-2.0
// Network namespaces for tests. They have no names and end with the process; nothing of the machine's own is touched.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/base/unique_fd.h"

namespace breakwater {

// Why network namespaces with iptables and ipset cannot be had here; empty if they can.
std::string netns_unavailable();

class Netns {
 public:
  // With its loopback up. Asserts that it can be had: ask netns_unavailable() first.
  Netns();
  // A path that `ip link set ... netns PATH` takes.
  std::string path() const;
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

// The calling thread is inside until the end of the scope, and then where it was before.
class InNetns {
 public:
  explicit InNetns(const Netns& where);
  ~InNetns();
  InNetns(const InNetns&) = delete;
  InNetns& operator=(const InNetns&) = delete;

 private:
  UniqueFd back_;
};

// Runs a script of shell commands inside; a failing line is a failed test. Returns what it printed.
std::string run_in(const Netns& where, const std::string& script);

}  // namespace breakwater
