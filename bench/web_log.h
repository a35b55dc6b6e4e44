// SPDX-License-Identifier: Apache-2.0
// A web server's access log as dockerd writes it, and twenty filters that people run over such logs; for benchmarks.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace breakwater::bench {

struct FilterTexts {
  std::string prefregex;
  std::vector<std::string> failregex;
};

// The first is about web logins, so that it finds the attacks of web_log() below.
inline const std::vector<FilterTexts>& twenty_filters() {
  static const std::vector<FilterTexts> filters = {
      {"", {R"x(^<HOST> \S+ \S+ \[\] "POST /(?:wp-login|xmlrpc)\.php[^"]*" 200)x"}},
      {"",
       {R"x(^<HOST> \S+ \S+ \[\] "(?:GET|POST|HEAD) /(?:\.env|\.git/|vendor/phpunit|cgi-bin/|phpmyadmin|actuator)[^"]*" 404)x"}},
      {"", {R"x(^<HOST> \S+ \S+ \[\] "[^"]*" 400 )x"}},
      {"", {R"x(^<HOST> \S+ \S+ \[\] "[^"]*" 444 )x"}},
      {"", {R"x(^<HOST> \S+ \S+ \[\] "[^"]*" 401 \d+ "-")x"}},
      {"", {R"x(^<HOST> .*"(?:[^"]*(?:sqlmap|nikto|masscan|zgrab|Nuclei)[^"]*)"$)x"}},
      {"",
       {R"x(^ \[error\] \d+#\d+: \*\d+ user "<F-USER>[^"]*</F-USER>":? (?:password mismatch|was not found in "[^"]*"), client: <HOST>)x"}},
      {"", {R"x(^ \[error\] \d+#\d+: \*\d+ limiting requests, excess: [\d.]+ by zone "[^"]*", client: <HOST>)x"}},
      {"", {R"x(^ \[error\] \d+#\d+: \*\d+ access forbidden by rule, client: <HOST>)x"}},
      {R"x(^\[\] \[(?:\S*:)?error\] (?:\[pid \d+(?::tid \d+)?\] )?\[client <HOST>(?::\d+)?\] (?:AH\d+: )?<F-CONTENT>.+</F-CONTENT>$)x",
       {R"x(^user <F-USER>.*?</F-USER>: authentication failure for ")x", R"x(^user <F-USER>.*?</F-USER> not found: )x",
        R"x(^client denied by server configuration: )x"}},
      {R"x(^(?:\S+ )?sshd(?:-session)?\[\d+\]: <F-CONTENT>.+</F-CONTENT>$)x",
       {R"x(^Failed \S+ for (?:invalid user )?<F-USER>.*</F-USER> from <HOST> port \d+)x",
        R"x(^Invalid user <F-USER>.*</F-USER> from <HOST> port \d+$)x",
        R"x(^Connection closed by authenticating user <F-USER>.*</F-USER> <HOST> port \d+ \[preauth\]$)x"}},
      {"", {R"x(postfix/smtpd\[\d+\]: warning: [^\[]*\[<HOST>\]: SASL \S+ authentication failed)x"}},
      {"",
       {R"x((?:imap|pop3)-login: (?:Disconnected|Aborted login).*\(auth failed, \d+ attempts[^)]*\):.* rip=<HOST>)x"}},
      {"", {R"x(\[Note\] Access denied for user '<F-USER>[^']*</F-USER>'@'<HOST>')x"}},
      {"", {R"x(FATAL:  password authentication failed for user "<F-USER>[^"]*</F-USER>" .*<HOST>)x"}},
      {"", {R"x(Username or password is incorrect\. Try again\. IP: <ADDR>\. Username:)x"}},
      {"", {R"x("message":"Login failed: [^"]*","remoteAddr":"<HOST>")x", R"x("remoteAddr":"<HOST>".*Login failed)x"}},
      {"", {R"x(Failed authentication attempt for <F-USER>.+</F-USER> from <HOST>)x"}},
      {"", {R"x(logger=context .*msg="Invalid username or password".* remote_addr=<HOST>)x"}},
      {"", {R"x(type="?LOGIN_ERROR"?.*ipAddress="?<HOST>"?.*error="?(?:invalid_user_credentials|user_not_found))x"}},
  };
  return filters;
}

// About `bytes` of it, the same for the same seed; `attacks` of the lines are logins that the first filter finds.
inline std::string web_log(std::size_t bytes, double attacks, std::uint64_t seed = 42) {
  constexpr std::array<std::string_view, 8> kAgents = {
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
      "Mobile/15E148 Safari/604.1",
      "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
      "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
      "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 "
      "Safari/605.1.15",
      "Tiny Tiny RSS/1.11 (http://tt-rss.org/)",
      "curl/8.5.0"};
  constexpr std::array<std::string_view, 10> kPaths = {"/",
                                                       "/blog/2026/how-to-brew-tea",
                                                       "/static/css/site.min.css?v=3.1",
                                                       "/images/logo.png",
                                                       "/api/v1/items?page=2&sort=name",
                                                       "/favicon.ico",
                                                       "/robots.txt",
                                                       "/projects/xdotool/",
                                                       "/login",
                                                       "/files/report%20final.pdf"};
  constexpr std::array<std::string_view, 3> kReferers = {"-", "https://www.google.com/",
                                                         "http://blog.example.org/2026/how-to-brew-tea"};
  std::mt19937_64 random(seed);
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  std::string out;
  out.reserve(bytes + 1024);
  std::uint64_t ns = 0;
  while (out.size() < bytes) {
    const bool attack = static_cast<double>(below(1'000'000)) < attacks * 1e6;
    ns += 1 + below(4'000'000);
    const auto second = static_cast<unsigned>(ns / 1'000'000'000 % 60);
    const auto minute = static_cast<unsigned>(ns / 60'000'000'000 % 60);
    char head[160], tail[96];
    std::snprintf(head, sizeof head, "{\"log\":\"%zu.%zu.%zu.%zu - - [02/Nov/2026:03:%02u:%02u +0000] \\\"",
                  11 + below(200), below(256), below(256), below(256), minute, second);
    std::snprintf(tail, sizeof tail, "\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-02T03:%02u:%02u.%09uZ\"}\n",
                  minute, second, static_cast<unsigned>(ns % 1'000'000'000));
    out += head;
    if (attack) {
      out += below(2) == 0 ? "POST /wp-login.php" : "POST /xmlrpc.php";
    } else {
      out += "GET ";
      for (const char c : kPaths[below(kPaths.size())])
        out += c == '&' ? std::string("\\u0026") : std::string(1, c);
    }
    out += " HTTP/1.1\\\" 200 " + std::to_string(100 + below(50'000)) + " \\\"";
    out += kReferers[below(kReferers.size())];
    out += "\\\" \\\"";
    out += kAgents[below(kAgents.size())];
    out += "\\\"";
    out += tail;
  }
  return out;
}

}  // namespace breakwater::bench
