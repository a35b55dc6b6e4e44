// SPDX-License-Identifier: Apache-2.0
#include "common/base/prefix_map.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace breakwater {
namespace {

Prefix prefix(const char* text) {
  return *Prefix::parse(text);
}

// The same questions, answered by looking at everything.
struct NaiveMap {
  std::vector<std::pair<Prefix, int>> entries;

  void set(const Prefix& range, int value) {
    erase(range);
    entries.emplace_back(range, value);
  }
  bool erase(const Prefix& range) {
    return std::erase_if(entries, [&](const auto& e) { return e.first == range; }) > 0;
  }
  const int* find(const Prefix& range) const {
    for (const auto& [p, v] : entries) {
      if (p == range) return &v;
    }
    return nullptr;
  }
  const std::pair<Prefix, int>* covering(const Prefix& range) const {
    const std::pair<Prefix, int>* widest = nullptr;
    for (const auto& e : entries) {
      if (e.first.contains(range) && (widest == nullptr || e.first.length() < widest->first.length())) widest = &e;
    }
    return widest;
  }
  bool overlaps(const Prefix& range) const {
    for (const auto& e : entries) {
      if (e.first.overlaps(range)) return true;
    }
    return false;
  }
};

// Few distinct bits, so that ranges nest and meet all the time.
Prefix any_prefix(std::mt19937& dice) {
  const bool v4 = dice() % 2 == 0;
  std::array<std::uint8_t, 16> bytes{};
  for (auto& b : bytes)
    b = dice() % 4 == 0 ? static_cast<std::uint8_t>(0x80 | (dice() & 1)) : std::uint8_t{0};
  const auto address = *Address::from_bytes(std::span(bytes).first(v4 ? 4 : 16));
  return Prefix(address, static_cast<unsigned>(dice()) % (address.bits() + 1));
}

TEST(PrefixMap, AnswersLikeALookAtEverything) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 dice(seed);
    PrefixMap<int> map;
    NaiveMap naive;
    for (int step = 0; step < 400; ++step) {
      const Prefix range = any_prefix(dice);
      if (dice() % 3 == 0) {
        EXPECT_EQ(map.erase(range), naive.erase(range));
      } else {
        map.set(range, step);
        naive.set(range, step);
      }
      ASSERT_EQ(map.size(), naive.entries.size());
      const Prefix asked = any_prefix(dice);
      const auto* expected = naive.covering(asked);
      const auto* covering = map.covering(asked);
      ASSERT_EQ(covering != nullptr, expected != nullptr) << asked.text();
      if (covering != nullptr) {
        ASSERT_EQ(covering->first, expected->first) << asked.text();
        ASSERT_EQ(covering->second, expected->second);
      }
      const auto* overlapping = map.overlapping(asked);
      ASSERT_EQ(overlapping != nullptr, naive.overlaps(asked)) << asked.text();
      if (overlapping != nullptr) {
        ASSERT_TRUE(overlapping->first.overlaps(asked));
      }
      const int* found = map.find(asked);
      ASSERT_EQ(found != nullptr, naive.find(asked) != nullptr);
    }
  }
}

TEST(PrefixMap, NamesTheWidestEntryThatCovers) {
  PrefixMap<std::string> map;
  map.set(prefix("203.0.113.0/24"), "narrow");
  map.set(prefix("203.0.0.0/16"), "wide");
  EXPECT_EQ(map.covering(prefix("203.0.113.7"))->second, "wide");
  map.erase(prefix("203.0.0.0/16"));
  EXPECT_EQ(map.covering(prefix("203.0.113.7"))->second, "narrow");
  EXPECT_EQ(map.covering(prefix("203.0.0.0/16")), nullptr);
  EXPECT_EQ(map.overlapping(prefix("203.0.0.0/16"))->second, "narrow");
}

TEST(PrefixMap, SettingAgainReplacesAndOneEraseRemoves) {
  PrefixMap<int> map;
  map.set(prefix("203.0.113.7"), 1);
  map.set(prefix("203.0.113.7"), 2);
  EXPECT_EQ(map.size(), 1u);
  EXPECT_EQ(*map.find(prefix("203.0.113.7")), 2);
  EXPECT_TRUE(map.erase(prefix("203.0.113.7")));
  EXPECT_FALSE(map.erase(prefix("203.0.113.7")));
  EXPECT_EQ(map.covering(prefix("203.0.113.7")), nullptr);
  EXPECT_EQ(map.overlapping(prefix("0.0.0.0/0")), nullptr);
}

TEST(PrefixMap, TheWholeInternetIsARangeOfItsOwnFamily) {
  PrefixMap<int> map;
  map.set(prefix("0.0.0.0/0"), 4);
  EXPECT_NE(map.covering(prefix("198.51.100.1")), nullptr);
  EXPECT_EQ(map.covering(prefix("2001:db8::1")), nullptr);
  EXPECT_EQ(map.overlapping(prefix("::/0")), nullptr);
}

}  // namespace
}  // namespace breakwater
