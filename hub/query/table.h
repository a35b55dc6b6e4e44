// SPDX-License-Identifier: Apache-2.0
// Aligned columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace breakwater {

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
  // Columns a narrow terminal may shorten this one to; 0 = never shortened. The widest is shortened first.
  std::size_t least = 0;
};

// Cells are text that is fit to print already (human.h: shown()) or our own. An empty cell is printed as "-". Aligned
// by display width, so that wide characters do not shift what follows. Holds all rows: the caller bounds them.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void add(std::vector<std::string> cells);  // as many as there are columns: asserted
  std::size_t rows() const { return rows_.size(); }

  // Title line and rows, each ended by '\n', without trailing spaces. `width` of the terminal in columns; 0 = no limit.
  // Where even the shortest columns do not fit, the lines are longer than the terminal.
  std::string text(std::size_t width) const;

 private:
  std::vector<std::size_t> widths(std::size_t width) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace breakwater
