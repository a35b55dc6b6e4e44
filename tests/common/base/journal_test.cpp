// SPDX-License-Identifier: Apache-2.0
#include "common/log/journal.h"

#include <cstdlib>
#include <filesystem>
#include <map>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/unique_fd.h"

namespace breakwater {
namespace {

// A journal that keeps what it was sent.
class FakeJournal {
 public:
  FakeJournal() {
    std::string directory = (std::filesystem::temp_directory_path() / "bw-journal-XXXXXX").string();
    directory_ = ::mkdtemp(directory.data());
    fd_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(0, ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  }
  ~FakeJournal() { std::filesystem::remove_all(directory_); }
  std::string path() const { return directory_ + "/socket"; }
  // Empty if nothing has come.
  std::string take() const {
    std::string entry(65536, '\0');
    const ssize_t got = ::recv(fd_.get(), entry.data(), entry.size(), 0);
    entry.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return entry;
  }

 private:
  std::string directory_;
  UniqueFd fd_;
};

// The fields of an entry, as journald reads them.
std::map<std::string, std::string> parsed(std::string entry) {
  std::map<std::string, std::string> fields;
  while (!entry.empty()) {
    const auto end = entry.find_first_of("=\n");
    const std::string name = entry.substr(0, end);
    std::size_t size = entry.find('\n', end) - end - 1, begin = end + 1;
    if (entry[end] == '\n') {
      size = 0;
      for (int byte = 7; byte >= 0; --byte)
        size = size << 8 | static_cast<unsigned char>(entry[end + 1 + static_cast<std::size_t>(byte)]);
      begin = end + 9;
    }
    fields[name] = entry.substr(begin, size);
    entry.erase(0, begin + size + 1);
  }
  return fields;
}

TEST(Journal, AnEntryHasTheLineAndItsFields) {
  const LogField fields[] = {{"who", "203.0.113.7"}, {"jail", "my jail"}, {"and-more", 5}};
  const auto entry = parsed(journal_entry(LogLevel::info, "ban", fields, "breakwater-node"));
  EXPECT_EQ((std::map<std::string, std::string>{{"MESSAGE", "ban who=203.0.113.7 jail=\"my jail\" and-more=5"},
                                                {"PRIORITY", "6"},
                                                {"SYSLOG_IDENTIFIER", "breakwater-node"},
                                                {"BREAKWATER_EVENT", "ban"},
                                                {"BREAKWATER_WHO", "203.0.113.7"},
                                                {"BREAKWATER_JAIL", "my jail"},
                                                {"BREAKWATER_AND_MORE", "5"}}),
            entry);
}

TEST(Journal, NobodyForgesAField) {
  const std::string attack = "x\nPRIORITY=0\nBREAKWATER_WHO=198.51.100.1\n";
  const LogField fields[] = {{"sample", attack}};
  const auto entry = parsed(journal_entry(LogLevel::info, "offence", fields, "breakwater-node"));
  EXPECT_EQ("6", entry.at("PRIORITY"));
  EXPECT_FALSE(entry.contains("BREAKWATER_WHO"));
  EXPECT_EQ(1u, parsed(journal_entry(LogLevel::info, "a\nPRIORITY=0", {}, "x")).count("BREAKWATER_EVENT"));
  EXPECT_EQ("6", parsed(journal_entry(LogLevel::info, "a\nPRIORITY=0", {}, "x")).at("PRIORITY"));
}

TEST(Journal, WhatItDoesNotTakeIsSaidToBeNotTaken) {
  EXPECT_FALSE(JournalSocket("/nonexistent/socket").send("MESSAGE=x\n"));
  EXPECT_FALSE(JournalSocket(std::string(500, 'x')).send("MESSAGE=x\n"));
  const FakeJournal journal;
  const JournalSocket socket(journal.path());
  EXPECT_TRUE(socket.send("MESSAGE=x\n"));
  EXPECT_EQ("MESSAGE=x\n", journal.take());
  EXPECT_FALSE(socket.send(std::string(32 * 1024 * 1024, 'x')));  // too long for a datagram
  bool full = false;
  for (int i = 0; i < 100'000 && !full; ++i)
    full = !socket.send("MESSAGE=x\n");
  EXPECT_TRUE(full) << "it would have waited for a journal that does not read";
}

// Where the journal is stderr, it gets the entry instead of the line. In a process of its own: it is looked at once.
TEST(JournalDeathTest, TheLogGoesThereWithItsFields) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto log_to_journal = [] {
    const FakeJournal journal;
    struct stat status {};
    fstat(STDERR_FILENO, &status);
    const std::string stream = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
    setenv("JOURNAL_STREAM", stream.c_str(), 1);
    set_journal_path(journal.path());
    log_warning("node late", {{"node", "host1"}});
    log_event(LogLevel::info, "ban",
              std::vector<std::pair<std::string, std::string>>{{"who", "203.0.113.7"}, {"jail", ""}});
    auto first = parsed(journal.take()), second = parsed(journal.take());
    const bool right = first["MESSAGE"] == "node late node=host1" && first["PRIORITY"] == "4" &&
                       first["BREAKWATER_NODE"] == "host1" && second["MESSAGE"] == "ban who=203.0.113.7" &&
                       second["BREAKWATER_WHO"] == "203.0.113.7" && !second.contains("BREAKWATER_JAIL");
    std::_Exit(right ? 0 : 1);
  };
  EXPECT_EXIT(log_to_journal(), testing::ExitedWithCode(0), "^$");
}

}  // namespace
}  // namespace breakwater
