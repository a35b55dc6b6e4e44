// SPDX-License-Identifier: Apache-2.0
// Runs a target where there is no libFuzzer: the corpus first, then mutations of it. The same seed and number of runs
// give the same inputs. An input that ends the process, or takes longer than 20 seconds, is written to a file.
//
//   fuzz_X [-seed=N] [-runs=N] [-max_total_time=SECONDS] [-artifact_prefix=DIR/] FILE_OR_DIR...
#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <random>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "tests/fuzz/fuzz_input.h"

extern "C" void __sanitizer_set_death_callback(void (*)()) __attribute__((weak));

namespace {

namespace fs = std::filesystem;
using namespace std::literals;
using Clock = std::chrono::steady_clock;

constexpr unsigned kSlowestSeconds = 20;
constexpr std::size_t kLongest = 64 * 1024;

struct Options {
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> runs;
  std::optional<std::uint64_t> seconds;
  std::string artifacts;
  std::vector<fs::path> inputs;
};

// --- the input that is being tried, for whoever has to write it down ------------------------------------------------

std::string current;
std::string crash_file;

// Only what a signal handler may do.
void write_down() {
  const int fd = open(crash_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) return;
  const auto written = write(fd, current.data(), current.size());
  close(fd);
  constexpr std::string_view kText = "\ninput written to ";
  for (const std::string_view text : {kText, std::string_view(crash_file), std::string_view("\n")}) {
    if (written >= 0 && write(STDERR_FILENO, text.data(), text.size()) < 0) return;
  }
}

void on_signal(int signal) {
  write_down();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void watch_for_death(const std::string& artifacts) {
  crash_file = artifacts + "crash-" + std::to_string(getpid());
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(write_down);
  for (const int signal : {SIGABRT, SIGALRM})
    std::signal(signal, on_signal);
  if (__sanitizer_set_death_callback != nullptr) return;
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL})
    std::signal(signal, on_signal);
}

double try_input(std::string input) {
  current = std::move(input);
  const std::vector<std::uint8_t> exact(current.begin(), current.end());  // so that reading behind it is seen
  const auto begin = Clock::now();
  alarm(kSlowestSeconds);
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  alarm(0);
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// --- mutations ------------------------------------------------------------------------------------------------------

class Mutator {
 public:
  Mutator(std::uint64_t seed, std::vector<std::string> corpus) : random_(seed), corpus_(std::move(corpus)) {
    for (const std::string& input : corpus_)
      add_words(input);
  }

  std::string next() {
    std::string input = corpus_[pick(corpus_.size())];
    for (std::size_t i = 1 + pick(6); i > 0; --i)
      mutate(input);
    input.resize(std::min(input.size(), kLongest));
    return input;
  }

 private:
  std::size_t pick(std::size_t below) { return below < 2 ? 0 : random_() % below; }
  std::size_t place(const std::string& input) { return pick(input.size() + 1); }

  // What a grammar is made of: runs of letters and digits, and what stands between them.
  void add_words(const std::string& input) {
    const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
    for (std::size_t begin = 0; begin < input.size() && words_.size() < 5000;) {
      std::size_t end = begin + 1;
      while (end < input.size() && end - begin < 20 && is_word(input[end]) == is_word(input[begin]))
        ++end;
      words_.push_back(input.substr(begin, end - begin));
      begin = end;
    }
  }

  void mutate(std::string& input) {
    const std::size_t at = place(input);
    const std::size_t length = pick(std::min<std::size_t>(input.size() - at, 40) + 1);
    switch (pick(9)) {
      case 0:
        input.erase(at, length);
        return;
      case 1:
        input.insert(place(input), input.substr(at, length));
        return;
      case 2:
        if (at < input.size()) input[at] = static_cast<char>(random_());
        return;
      case 3:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << pick(8)));
        return;
      case 4:
        input.insert(at, 1 + pick(3), kBytes[pick(kBytes.size())]);
        return;
      case 5:
        repeat(input, at, length);
        return;
      case 6: {
        const std::string& other = corpus_[pick(corpus_.size())];
        const std::size_t from = place(other);
        input.insert(at, other, from, pick(other.size() - from + 1));
        return;
      }
      default:
        if (!words_.empty()) input.insert(at, words_[pick(words_.size())]);
    }
  }

  void repeat(std::string& input, std::size_t at, std::size_t length) {
    const std::string unit = input.substr(at, length);
    const std::size_t times = pick(4) == 0 ? 1000 : pick(20);
    std::string more;
    for (std::size_t i = 0; i < times && more.size() < kLongest; ++i)
      more += unit;
    input.insert(at, more);
  }

  static constexpr std::string_view kBytes = "\0\xff\xc3\xe2\xed\xf0\x80\n\r\t \"\\'()[]{}<>%$^*+?|.,:;=&/-_0129aZ"sv;
  std::mt19937_64 random_;
  std::vector<std::string> corpus_;
  std::vector<std::string> words_;
};

// --- the command line -----------------------------------------------------------------------------------------------

std::uint64_t number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem == std::errc{} && end == text.data() + text.size()) return value;
  std::cerr << "not a number: " << text << "\n";
  std::exit(2);
}

Options parse(int argc, char** argv) {
  Options options;
  const auto value_of = [](std::string_view word, std::string_view name) -> std::optional<std::string_view> {
    if (!word.starts_with(name)) return std::nullopt;
    return word.substr(name.size());
  };
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (const auto seed = value_of(word, "-seed=")) {
      options.seed = number_of(*seed);
    } else if (const auto runs = value_of(word, "-runs=")) {
      options.runs = number_of(*runs);
    } else if (const auto seconds = value_of(word, "-max_total_time=")) {
      options.seconds = number_of(*seconds);
    } else if (const auto prefix = value_of(word, "-artifact_prefix=")) {
      options.artifacts = *prefix;
    } else if (word.starts_with('-')) {
      std::cerr << "no such option: " << word << "\n";
      std::exit(2);
    } else {
      options.inputs.emplace_back(word);
    }
  }
  return options;
}

std::vector<std::string> read_corpus(const std::vector<fs::path>& inputs) {
  std::vector<fs::path> files;
  for (const fs::path& input : inputs) {
    if (!fs::is_directory(input)) files.push_back(input);
    for (std::error_code missing; const auto& entry : fs::directory_iterator(input, missing))
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());  // the same corpus on every machine
  std::vector<std::string> corpus;
  for (const fs::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
      std::cerr << file.string() << ": cannot be read\n";
      std::exit(2);
    }
    corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return corpus;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  std::vector<std::string> corpus = read_corpus(options.inputs);
  if (corpus.empty()) {
    std::cerr << "no corpus\n";
    return 2;
  }
  watch_for_death(options.artifacts);
  const auto begin = Clock::now();
  for (const std::string& input : corpus)
    try_input(input);
  const std::size_t given = corpus.size();
  Mutator mutator(options.seed, std::move(corpus));
  const auto out_of_time = [&] {
    return options.seconds && Clock::now() - begin >= std::chrono::seconds(*options.seconds);
  };
  double slowest = 0;
  std::uint64_t run = 0;
  for (; run < options.runs.value_or(options.seconds ? ~std::uint64_t{0} : 0) && !out_of_time(); ++run)
    slowest = std::max(slowest, try_input(mutator.next()));
  std::cout << given << " inputs of the corpus and " << run << " others (seed " << options.seed
            << "); the slowest took " << static_cast<int>(slowest * 1000) << " ms\n";
  return 0;
}
