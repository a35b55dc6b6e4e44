// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/curve_keys.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/base/text.h"
#include "common/runtime/random.h"

namespace breakwater {
namespace {

using testing::HasSubstr;

class CurveKeysTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(std::filesystem::create_directory(directory)); }
  void TearDown() override { std::filesystem::remove_all(directory); }
  static unsigned mode(const std::string& file) {
    struct stat info {};
    EXPECT_EQ(0, ::stat(file.c_str(), &info));
    return info.st_mode & 0777u;
  }
  std::string directory = std::filesystem::temp_directory_path() / ("breakwater-keys-" + to_hex(random_bytes(8)));
  std::string path = directory + "/node.key";
};

TEST_F(CurveKeysTest, WhatIsGeneratedIsReadAgain) {
  const auto made = generate_key_files(path);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(0600u, mode(path));
  EXPECT_EQ(0644u, mode(path + ".pub"));
  const auto read = read_secret_key(path);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(*made, *read);
  EXPECT_EQ(made->public_key, read_public_key(path + ".pub").value());
  EXPECT_EQ(made->public_key, read_public_key(made->public_key.hex()).value());
}

TEST_F(CurveKeysTest, NeverOverwrites) {
  const auto made = generate_key_files(path);
  ASSERT_TRUE(made);
  EXPECT_FALSE(generate_key_files(path));
  std::filesystem::remove(path);
  EXPECT_FALSE(generate_key_files(path));  // the public half is still there
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(CurveKeysTest, ASecretThatOthersMayReadIsRefused) {
  ASSERT_TRUE(generate_key_files(path));
  for (const mode_t loose : {0640u, 0604u, 0620u}) {
    ASSERT_EQ(0, ::chmod(path.c_str(), loose));
    const auto read = read_secret_key(path);
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message(), HasSubstr("chmod 600 " + path));
  }
  ASSERT_EQ(0, ::chmod(path.c_str(), 0400));
  EXPECT_TRUE(read_secret_key(path));
}

TEST_F(CurveKeysTest, BadFilesAreNamed) {
  EXPECT_THAT(read_secret_key(path).error().message(), HasSubstr(path));
  std::ofstream(path) << "zz\n";
  ASSERT_EQ(0, ::chmod(path.c_str(), 0600));
  EXPECT_THAT(read_secret_key(path).error().message(), HasSubstr("64 hex digits"));
  EXPECT_FALSE(read_public_key(directory));
  EXPECT_FALSE(read_public_key("abcd"));
}

TEST_F(CurveKeysTest, ErrorsDoNotShowTheSecret) {
  const auto made = generate_key_files(path);
  ASSERT_TRUE(made);
  const std::string secret = to_hex(made->secret_key.bytes());
  std::ofstream(path) << secret << "00\n";
  const auto read = read_secret_key(path);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message(), testing::Not(HasSubstr(secret)));
}

TEST_F(CurveKeysTest, KeysDifferAndHexIsRead) {
  const CurveKeys a = generate_keys(), b = generate_keys();
  EXPECT_NE(a.public_key, b.public_key);
  EXPECT_EQ(a.public_key, public_key_of(a.secret_key).value());
  EXPECT_EQ(a.public_key, PublicKey::from_hex("  " + a.public_key.hex() + "\n").value());
  EXPECT_FALSE(PublicKey::from_hex(a.public_key.hex() + "00"));
  EXPECT_FALSE(PublicKey::from_bytes("short"));
}

}  // namespace
}  // namespace breakwater
