// SPDX-License-Identifier: Apache-2.0
#include "common/base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace breakwater {
namespace {

bool is_open(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}
int opened() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

TEST(UniqueFd, ClosesWhatItOwns) {
  const int raw = opened();
  {
    UniqueFd fd(raw);
    EXPECT_TRUE(fd);
    EXPECT_TRUE(is_open(raw));
  }
  EXPECT_FALSE(is_open(raw));
}

TEST(UniqueFd, MovesAndLetsGo) {
  const int raw = opened();
  UniqueFd first(raw);
  UniqueFd second(std::move(first));
  EXPECT_FALSE(first);  // NOLINT: moved-from is defined to be empty
  EXPECT_EQ(second.get(), raw);
  UniqueFd third(opened());
  const int replaced = third.get();
  third = std::move(second);
  EXPECT_FALSE(is_open(replaced));
  EXPECT_EQ(third.release(), raw);
  EXPECT_FALSE(third);
  EXPECT_TRUE(is_open(raw));
  ::close(raw);
}

TEST(UniqueFd, MovingOntoItselfKeepsIt) {
  UniqueFd fd(opened());
  UniqueFd& same = fd;
  fd = std::move(same);
  EXPECT_TRUE(fd);
  EXPECT_TRUE(is_open(fd.get()));
}

TEST(UniqueFd, EmptyClosesNothing) {
  UniqueFd fd;
  EXPECT_FALSE(fd);
  fd.reset();
  EXPECT_EQ(fd.release(), -1);
}

}  // namespace
}  // namespace breakwater
