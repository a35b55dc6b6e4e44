// SPDX-License-Identifier: Apache-2.0
// fail2ban's tags in a regex: <HOST>, <ADDR>, <F-USER>..</F-USER> and their kin.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace breakwater {

// A regex in Python's dialect with the tags replaced.
struct ExpandedPattern {
  std::string text;
  // For each byte of `text`, where it stands in what the user wrote, from 1: messages name the user's column.
  std::vector<std::uint32_t> column;

  void append(std::string_view piece, std::uint32_t first_column, bool advance);
};

// What a tag stands for (fail2ban 1.0.2, server/failregex.py; the expressions are our own and accept the same text,
// but for digits of other scripts):
//   <IP4>  ip4, an optional ::ffff: before it       <IP6>   ip6
//   <ADDR> ip4 or ip6, optional brackets            <HOST>  <ADDR>, or with usedns a name (group dns)
//   <CIDR> digits, <SUBNET> an address and /CIDR    <DNS>   a name
//   <F-ID/> anything but blanks (group fid)         <F-PORT/> a word (group fport)
//   <SKIPLINES> the end of a line and any lines behind it (groups skiplines0, skiplines1, ...)
//   <F-X>..</F-X> a group named x; ID is fid and PORT is fport
// An unknown tag, or </F-X> without its beginning, stays as it is: it is a part of the regex.
ExpandedPattern expand_tags(std::string_view pattern, bool use_dns);

// The name of the group that <F-NAME> makes: lower case; "id" is "fid", "port" is "fport".
std::string group_of_tag(std::string_view name);

}  // namespace breakwater
