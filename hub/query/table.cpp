// SPDX-License-Identifier: Apache-2.0
#include "hub/query/table.h"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "hub/query/human.h"

namespace breakwater {

namespace {

constexpr std::size_t kGap = 2;  // columns between columns

std::string padded(const std::string& cell, std::size_t width, Align align) {
  const std::string text = fitted(cell, width);
  const std::string space(width - std::min(width, display_width(text)), ' ');
  return align == Align::left ? text + space : space + text;
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
  assert(cells.size() == columns_.size());
  for (std::string& cell : cells) {
    if (cell.empty()) cell = "-";
  }
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> Table::widths(std::size_t width) const {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t widest = display_width(columns_[i].title);
    for (const auto& row : rows_)
      widest = std::max(widest, display_width(row[i]));
    result.push_back(widest);
  }
  std::size_t total = std::accumulate(result.begin(), result.end(), kGap * (columns_.size() - 1));
  while (width > 0 && total > width) {
    std::size_t give = columns_.size();  // the widest one that may still be shortened
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const bool may = columns_[i].least > 0 && result[i] > columns_[i].least;
      if (may && (give == columns_.size() || result[i] > result[give])) give = i;
    }
    if (give == columns_.size()) break;
    --result[give];
    --total;
  }
  return result;
}

std::string Table::text(std::size_t width) const {
  const std::vector<std::size_t> at_most = widths(width);
  std::string out;
  const auto add_line = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line.append(kGap, ' ');
      line += padded(cell_of(i), at_most[i], columns_[i].align);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  add_line([&](std::size_t i) -> const std::string& { return columns_[i].title; });
  for (const auto& row : rows_) {
    add_line([&](std::size_t i) -> const std::string& { return row[i]; });
  }
  return out;
}

}  // namespace breakwater
