// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/gate/key_ring.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/base/text.h"
#include "common/runtime/random.h"
#include "hub/adapters/gate/admission.h"

namespace breakwater {
namespace {

using testing::HasSubstr;

class KeyRing : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(directory + "/nodes.d"); }
  void TearDown() override { std::filesystem::remove_all(directory); }

  void put(const std::string& file, const std::string& text) { std::ofstream(directory + "/" + file) << text; }
  LoadedKeys load() {
    auto loaded = load_keys(folders);
    EXPECT_TRUE(loaded) << loaded.error().message();
    return std::move(*loaded);
  }

  std::string directory = std::filesystem::temp_directory_path() / ("breakwater-keys-" + to_hex(random_bytes(8)));
  KeyFolders folders{directory + "/nodes.d", directory + "/admins.d"};
  PublicKey a = generate_keys().public_key, b = generate_keys().public_key, c = generate_keys().public_key;
};

TEST_F(KeyRing, ReadsNodesAndAdmins) {
  std::filesystem::create_directories(directory + "/admins.d");
  put("nodes.d/web1.pub", "# two while it changes\n" + a.hex() + "\n  " + b.hex() + "  # new\n\n");
  put("admins.d/web1.pub", c.hex());
  put("nodes.d/README", "not a key");
  const auto keys = load();
  EXPECT_TRUE(keys.problems.empty());
  EXPECT_EQ(3u, keys.table->size());
  EXPECT_EQ((PeerIdentity{"web1", PeerRole::node}), *keys.table->find(b));
  EXPECT_EQ((PeerIdentity{"web1", PeerRole::admin}), *keys.table->find(c));
  EXPECT_EQ(nullptr, keys.table->find(generate_keys().public_key));
}

TEST_F(KeyRing, ABadFileIsLeftOutAndNamedTheRestStands) {
  put("nodes.d/good.pub", a.hex());
  put("nodes.d/bad.pub", "zzzz");
  put("nodes.d/empty.pub", "# nothing\n");
  put("nodes.d/many.pub", a.hex() + "\n" + b.hex() + "\n" + c.hex());
  put("nodes.d/a b.pub", b.hex());
  const auto keys = load();
  EXPECT_EQ(1u, keys.table->size());
  EXPECT_EQ(4u, keys.problems.size());
  EXPECT_THAT(keys.problems, testing::Contains(HasSubstr("bad.pub")));
}

TEST_F(KeyRing, AKeyThatTwoClaimIsNobodys) {
  put("nodes.d/web1.pub", a.hex());
  put("nodes.d/web2.pub", a.hex() + "\n" + b.hex());
  const auto keys = load();
  EXPECT_EQ(nullptr, keys.table->find(a));
  EXPECT_NE(nullptr, keys.table->find(b));
  ASSERT_EQ(1u, keys.problems.size());
  EXPECT_THAT(keys.problems[0], HasSubstr("web1"));
}

TEST_F(KeyRing, ADirectoryThatEverybodyMayWriteToIsAnError) {
  ASSERT_EQ(0, ::chmod((directory + "/nodes.d").c_str(), 0777));
  EXPECT_FALSE(load_keys(folders));
}

TEST_F(KeyRing, EnrolAndRevoke) {
  std::filesystem::remove_all(directory);
  ASSERT_TRUE(enrol(folders, PeerRole::node, "web1", a));
  EXPECT_TRUE(enrol(folders, PeerRole::node, "web1", a));  // again: nothing changes
  EXPECT_TRUE(enrol(folders, PeerRole::node, "web1", b));
  EXPECT_EQ(2u, load().table->size());
  EXPECT_THAT(enrol(folders, PeerRole::node, "web1", c).error().message(), HasSubstr("two keys"));
  EXPECT_THAT(enrol(folders, PeerRole::node, "web2", a).error().message(), HasSubstr("web1"));
  EXPECT_FALSE(enrol(folders, PeerRole::node, "../web3", c));
  ASSERT_TRUE(revoke(folders, PeerRole::node, "web1"));
  EXPECT_EQ(0u, load().table->size());
  EXPECT_THAT(revoke(folders, PeerRole::node, "web1").error().message(), HasSubstr("not enrolled"));
}

TEST_F(KeyRing, RevokeForgetsOneKeyAlone) {
  ASSERT_TRUE(enrol(folders, PeerRole::node, "web1", a));
  ASSERT_TRUE(enrol(folders, PeerRole::node, "web1", b));
  EXPECT_THAT(revoke(folders, PeerRole::node, "web1", c).error().message(), HasSubstr("no key of web1"));
  ASSERT_TRUE(revoke(folders, PeerRole::node, "web1", a));
  EXPECT_EQ(nullptr, load().table->find(a));
  EXPECT_NE(nullptr, load().table->find(b));
  EXPECT_TRUE(enrol(folders, PeerRole::node, "web1", c));  // there is room again
  EXPECT_TRUE(revoke(folders, PeerRole::node, "web1", b));
  // The last one takes the peer with it.
  EXPECT_TRUE(revoke(folders, PeerRole::node, "web1", c));
  EXPECT_FALSE(std::filesystem::exists(directory + "/nodes.d/web1.pub"));
}

TEST_F(KeyRing, NamesThatAreFitForFilesAndUserIds) {
  for (const char* good : {"web1", "a.b-c_d", "WEB"})
    EXPECT_TRUE(is_peer_name(good)) << good;
  for (const char* not_good : {"", ".x", "a/b", "a b", "\xc3\xbc", "a\nb"})
    EXPECT_FALSE(is_peer_name(not_good));
}

TEST_F(KeyRing, AUserIdCarriesRoleNameAndKey) {
  const PeerIdentity who{"web1", PeerRole::admin};
  const auto parsed = parse_user_id(make_user_id(who, a));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(who, parsed->first);
  EXPECT_EQ(a, parsed->second);
  for (const char* not_good : {"", "node/web1", "node/web1/zz", "root/web1/00"})
    EXPECT_FALSE(parse_user_id(not_good));
}

}  // namespace
}  // namespace breakwater
