// SPDX-License-Identifier: Apache-2.0
#include "tests/node/filter/fail2ban_oracle.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sys/wait.h>
#include <unistd.h>

namespace breakwater::testing_oracle {

using nlohmann::json;

std::optional<std::vector<json>> ask_fail2ban(const std::string& mode, const std::vector<json>& questions) {
  const auto folder = std::filesystem::temp_directory_path() / ("breakwater-oracle-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::string in = folder / "in", out = folder / "out";
  {
    std::ofstream file(in);
    for (const json& question : questions)
      file << question.dump() << '\n';
  }
  const std::string command = "/usr/bin/python3 tests/node/filter/fail2ban_driver.py " + mode + " <" + in + " >" + out;
  const int status = std::system(command.c_str());
  std::optional<std::vector<json>> answers;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    answers.emplace();
    std::ifstream file(out);
    for (std::string line; std::getline(file, line);)
      answers->push_back(json::parse(line));
  } else if (!WIFEXITED(status) || (WEXITSTATUS(status) != 77 && WEXITSTATUS(status) != 127)) {
    ADD_FAILURE() << "the driver failed: " << command;
  }
  std::filesystem::remove_all(folder);
  return answers;
}

}  // namespace breakwater::testing_oracle
