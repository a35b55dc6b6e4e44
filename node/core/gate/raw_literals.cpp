// SPDX-License-Identifier: Apache-2.0
#include "node/core/gate/raw_literals.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace breakwater {

namespace {

constexpr std::size_t kShortest = 3;
constexpr std::size_t kLongest = 32;  // more makes it no rarer
constexpr std::size_t kWindow = 8;    // Hyperscan looks for so many last bytes first
// Where literals are some dozens, it compares so many last bytes of all at once before anything else: three times as
// fast over a web log where these are rare.
constexpr std::size_t kEnd = 3;
constexpr double kRareEnough = 4e-3;  // a line that passes in vain costs some 500 ns

// In most lines of the usual logs, dockerd's own frame included.
constexpr std::array<std::string_view, 20> kEverywhere = {
    "{\"log\":\"",
    "\",\"stream\":\"stdout\"",
    "\",\"stream\":\"stderr\"",
    "\",\"time\":\"20",
    " http/1.1",
    "http://www.",
    "https://www.",
    "mozilla/5.0 (",
    "applewebkit/",
    "(khtml, like gecko) chrome/",
    " safari/",
    " gecko/",
    "firefox/",
    "get /",
    "(windows nt ",
    "; win64; x64)",
    " 200 ",
    " 304 ",
    " 301 ",
    " 302 ",
};
// In many.
constexpr std::array<std::string_view, 32> kOften = {
    " client: ",    " server: ", " request: ", " error ", "[error]", " from ",     " user ",   "username",
    " failed",      " info ",    " warning",   "post /",  " for ",   "connection", " port ",   " login",
    "root",         " access ",  "localhost",  "docker",  ".php",    ".com/",      "index.",   " linux ",
    "compatible; ", "bot",       "image",      ".css",    ".png",    "debug",      " message", " not ",
};

// What a character tells, by how often it stands in logs; less than its share alone would say, for texts are no noise.
double bits_of(char c) {
  constexpr std::array<std::pair<std::string_view, double>, 7> kFrequent = {{{" ", 2.4},
                                                                             {"et0", 3.2},
                                                                             {"ro1s2in:\"", 3.4},
                                                                             {"cad5.", 3.7},
                                                                             {"p3/lmu47-6fh", 4.2},
                                                                             {"[]89b,", 4.6},
                                                                             {"gvkw_y", 5.0}}};
  for (const auto& [characters, bits] : kFrequent) {
    if (characters.find(c) != std::string_view::npos) return bits;
  }
  return 6;
}

// -log2 of a character's share in logs of web servers, docker's frame included.
double share_bits_of(char c) {
  constexpr std::array<std::pair<std::string_view, double>, 26> kShares = {
      {{"0", 3.6},        {" ", 4.0},   {"\"", 4.2},    {"1t", 4.4},  {".e", 4.6}, {"/2o", 4.8}, {":", 5.0},
       {"6\\ailms", 5.4}, {"-3n", 5.8}, {"5cgpr", 6.0}, {"7hw", 6.2}, {"4", 6.4},  {"8u", 6.6},  {"d", 6.8},
       {",9k", 7.0},      {"fxz", 7.2}, {"b", 7.4},     {";j", 7.6},  {"()", 7.8}, {"+", 8.0},   {"[]v{}", 8.2},
       {"_y", 8.8},       {"=", 9.0},   {"%", 9.8},     {"q", 10.0},  {"?", 11.4}}};
  for (const auto& [characters, bits] : kShares) {
    if (characters.find(c) != std::string_view::npos) return bits;
  }
  return 14;
}

bool is_escaped_by_docker(unsigned char c) {
  return c < 0x20 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&';
}

bool cuts(unsigned char c, LogForm form) {
  if (c >= 0x80 || c == '\n') return true;
  return form == LogForm::docker_json && is_escaped_by_docker(c);
}

// "get /knocking/ http/1.1" -> "get /knocking/": what is looked for first must not stand in every line.
std::string_view without_common_end(std::string_view piece) {
  while (piece.size() > kWindow && commonness(piece.substr(piece.size() - kWindow)) == 1)
    piece.remove_suffix(1);
  return piece.size() > kLongest ? piece.substr(piece.size() - kLongest) : piece;
}

// "get /manager/html" -> "get /manag": of the beginnings that are rare enough, the one with the rarest end.
std::string_view with_rarest_end(std::string_view piece) {
  const auto end_bits = [&](std::size_t size) {
    double bits = 0;
    for (const char c : piece.substr(size - kEnd, kEnd))
      bits += share_bits_of(c);
    return bits;
  };
  const double enough = std::max(commonness(piece), kRareEnough);
  std::size_t best = piece.size();
  for (std::size_t size = piece.size(); size > kEnd; --size) {
    if (commonness(piece.substr(0, size)) > enough) break;
    if (end_bits(size) > end_bits(best)) best = size;
  }
  return piece.substr(0, best);
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

std::vector<std::string> raw_literals(std::string_view atom, const DateSeams& seams, LogForm form) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  const auto end_piece = [&](std::size_t end) {
    const std::string_view piece = atom.substr(begin, end - begin);
    if (piece.size() >= kShortest && commonness(piece) < 1)
      out.emplace_back(with_rarest_end(without_common_end(piece)));
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
  std::stable_sort(out.begin(), out.end(),
                   [](const std::string& a, const std::string& b) { return commonness(a) < commonness(b); });
  return out;
}

}  // namespace breakwater
