// SPDX-License-Identifier: Apache-2.0
#include "node/core/gate/raw_literal.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace breakwater {

namespace {

constexpr std::size_t kShortest = 3;
constexpr std::size_t kLongest = 32;  // more makes it no rarer

// In most lines of the usual logs, dockerd's own frame included.
constexpr std::array<std::string_view, 12> kEverywhere = {
    "{\"log\":\"",
    "\",\"stream\":\"stdout\"",
    "\",\"stream\":\"stderr\"",
    "\",\"time\":\"20",
    "http/1.1",
    "https://www.",
    "mozilla/5.0",
    "applewebkit/537.36",
    "(khtml, like gecko) chrome/",
    "safari/537.36",
    "get /",
    "windows nt 10.0; win64; x64",
};
// In many.
constexpr std::array<std::string_view, 24> kOften = {
    " client: ", " server: ", "request: ", " error ", "[error]", " from ",     " user ", "username",
    " failed",   " info ",    " warning",  "post /",  " for ",   "connection", " port ", " login",
    "root",      " access",   "localhost", "docker",  " http",   ".php",       ".com/",  "index.",
};

// Of a character that is not known to follow from the one before.
double bits_of(char c) {
  if (c == ' ') return 2.5;
  if (c >= '0' && c <= '9') return 3.0;
  if (std::string_view("etaoinsr").find(c) != std::string_view::npos) return 3.5;
  if (std::string_view("jqxzkvw").find(c) != std::string_view::npos) return 6.5;
  if (c >= 'a' && c <= 'z') return 4.5;
  if (std::string_view("./-:").find(c) != std::string_view::npos) return 3.5;
  return 5.5;
}

bool is_escaped_by_docker(unsigned char c) {
  return c < 0x20 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&';
}

bool cuts(unsigned char c, LogForm form) {
  if (c >= 0x80 || c == '\n') return true;
  return form == LogForm::docker_json && is_escaped_by_docker(c);
}

}  // namespace

double commonness(std::string_view literal) {
  const auto within = [&](std::string_view text) { return text.find(literal) != std::string_view::npos; };
  if (std::any_of(kEverywhere.begin(), kEverywhere.end(), within)) return 1;
  if (std::any_of(kOften.begin(), kOften.end(), within)) return 0.3;
  double bits = -7;  // a line has some 128 places
  for (const char c : literal.substr(0, kLongest))
    bits += bits_of(c);
  return std::min(1.0, std::exp2(-bits));
}

std::optional<std::string> raw_literal(std::string_view atom, const DateSeams& seams, LogForm form) {
  std::optional<std::string> best;
  double best_commonness = 1;
  std::size_t begin = 0;
  const auto end_piece = [&](std::size_t end) {
    const std::string_view piece = atom.substr(begin, std::min(end - begin, kLongest));
    if (piece.size() < kShortest) return;
    const double common = commonness(piece);
    if (common >= best_commonness) return;
    best = piece;
    best_commonness = common;
  };
  for (std::size_t i = 0; i < atom.size(); ++i) {
    if (seams.possible(atom, i)) {
      end_piece(i);
      begin = i;
    }
    if (!cuts(static_cast<unsigned char>(atom[i]), form)) continue;
    end_piece(i);
    begin = i + 1;
  }
  end_piece(atom.size());
  return best;
}

}  // namespace breakwater
