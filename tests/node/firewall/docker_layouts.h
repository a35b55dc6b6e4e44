// SPDX-License-Identifier: Apache-2.0
// Filter rules as dockerd makes them, for a bridge docker0 and one published port (8080 -> 80 of the container).
#pragma once

#include <string>

namespace breakwater {

inline constexpr const char* kContainer4 = "203.0.113.2";
inline constexpr const char* kContainer6 = "2001:db8:2::2";

// `iptables`: the program, e.g. "iptables" or "ip6tables-legacy".
inline std::string with_program(std::string script, const std::string& iptables, const std::string& container) {
  for (const auto& [mark, text] : {std::pair<std::string, std::string>{"IPT", iptables}, {"CTR", container}}) {
    for (auto at = script.find(mark); at != std::string::npos; at = script.find(mark, at + text.size())) {
      script.replace(at, mark.size(), text);
    }
  }
  return script;
}

// 20.10 to 27: ESTABLISHED is accepted in FORWARD before DOCKER; DOCKER-USER ends in RETURN; ports are appended.
inline std::string docker_20(const std::string& iptables, const std::string& container) {
  return with_program(R"(
    IPT -P FORWARD DROP
    IPT -N DOCKER
    IPT -N DOCKER-ISOLATION-STAGE-1
    IPT -N DOCKER-USER
    IPT -A FORWARD -j DOCKER-USER
    IPT -A FORWARD -j DOCKER-ISOLATION-STAGE-1
    IPT -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    IPT -A FORWARD -o docker0 -j DOCKER
    IPT -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
    IPT -A FORWARD -i docker0 -o docker0 -j ACCEPT
    IPT -A DOCKER-ISOLATION-STAGE-1 -j RETURN
    IPT -A DOCKER-USER -j RETURN
    IPT -A DOCKER -d CTR ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT
  )",
                      iptables, container);
}

// 20.10 with --ip6tables: the same without DOCKER-USER.
inline std::string docker_20_ip6(const std::string& iptables, const std::string& container) {
  return with_program(R"(
    IPT -P FORWARD DROP
    IPT -N DOCKER
    IPT -N DOCKER-ISOLATION-STAGE-1
    IPT -A FORWARD -j DOCKER-ISOLATION-STAGE-1
    IPT -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    IPT -A FORWARD -o docker0 -j DOCKER
    IPT -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
    IPT -A DOCKER-ISOLATION-STAGE-1 -j RETURN
    IPT -A DOCKER -d CTR ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT
  )",
                      iptables, container);
}

// 28.0.1 and later: ESTABLISHED in DOCKER-CT, an empty DOCKER-USER, ports inserted at the top of DOCKER.
inline std::string docker_28(const std::string& iptables, const std::string& container) {
  return with_program(R"(
    IPT -P FORWARD DROP
    for chain in DOCKER DOCKER-FORWARD DOCKER-CT DOCKER-INTERNAL DOCKER-BRIDGE DOCKER-USER; do IPT -N $chain; done
    IPT -A FORWARD -j DOCKER-USER
    IPT -A FORWARD -j DOCKER-FORWARD
    IPT -A DOCKER-FORWARD -j DOCKER-CT
    IPT -A DOCKER-FORWARD -j DOCKER-INTERNAL
    IPT -A DOCKER-FORWARD -j DOCKER-BRIDGE
    IPT -A DOCKER-FORWARD -i docker0 -j ACCEPT
    IPT -A DOCKER-CT -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    IPT -A DOCKER-BRIDGE -o docker0 -j DOCKER
    IPT -A DOCKER ! -i docker0 -o docker0 -j DROP
    IPT -I DOCKER -d CTR ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT
  )",
                      iptables, container);
}

// The published port itself.
inline std::string docker_nat(const std::string& iptables, const std::string& container) {
  const bool v6 = iptables.starts_with("ip6");
  const std::string target = v6 ? "[" + container + "]:80" : container + ":80";
  return with_program(R"(
    IPT -t nat -N DOCKER
    IPT -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
    IPT -t nat -A POSTROUTING -s CTR ! -o docker0 -j MASQUERADE
    IPT -t nat -A DOCKER ! -i docker0 -p tcp --dport 8080 -j DNAT --to-destination )",
                      iptables, container) +
         target + "\n";
}

// A host where iptables' raw table cannot be used: somebody made one of that name with nft, and put it elsewhere.
inline std::string no_raw_table() {
  std::string script;
  for (const std::string family : {"ip ", "ip6 "}) {
    script += "nft 'add table " + family + "raw; add chain " + family +
              "raw PREROUTING { type filter hook forward priority 300 ; }'\n";
  }
  return script;
}

// 29 with --firewall-backend=nftables: tables of its own, no DOCKER, no DOCKER-USER.
inline std::string docker_29_nft() {
  std::string script;
  for (const auto& [family, container, to] :
       {std::tuple{"ip", kContainer4, std::string(kContainer4) + ":80"},
        std::tuple{"ip6", kContainer6, "[" + std::string(kContainer6) + "]:80"}}) {
    const std::string table = std::string(family) + " docker-bridges";
    script += "nft -f - <<END\ntable " + table + R"( {
      chain filter-FORWARD { type filter hook forward priority filter; policy accept;
        oifname "docker0" ct state established,related accept
        iifname "docker0" accept
        oifname "docker0" )" +
              family + " daddr " + container + R"( tcp dport 80 accept
        oifname "docker0" drop
      }
      chain nat-PREROUTING { type nat hook prerouting priority dstnat; policy accept;
        fib daddr type local tcp dport 8080 dnat to )" +
              to + R"(
      }
      chain nat-POSTROUTING { type nat hook postrouting priority srcnat; policy accept;
        oifname != "docker0" )" +
              family + " saddr " + container + R"( masquerade
      }
    }
END
)";
  }
  return script;
}

}  // namespace breakwater
