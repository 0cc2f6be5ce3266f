use std::net::Ipv4Addr;

use crate::head::Head;

/// Whether the page a request comes from may talk to us. A request without an origin comes from
/// no page.
pub(crate) fn is_allowed(head: &Head, allowed: &[String]) -> bool {
    head.headers("origin")
        .all(|origin| is_loopback(origin) || allowed.iter().any(|listed| is_meant(listed, origin)))
}

/// Whether an origin is the one listed: itself, one of its ports where it is listed with `:*`, or any
/// where `*` is.
fn is_meant(listed: &str, origin: &str) -> bool {
    if let Some(host) = listed.strip_suffix(":*") {
        return match origin.rsplit_once(':') {
            Some((start, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                host.eq_ignore_ascii_case(start)
            }
            _ => host.eq_ignore_ascii_case(origin),
        };
    }
    listed == "*" || listed.eq_ignore_ascii_case(origin)
}

fn is_loopback(origin: &str) -> bool {
    let Some(authority) = origin.strip_prefix("http://").or(origin.strip_prefix("https://")) else {
        return false;
    };
    let (host, port) = match authority.rfind(':') {
        Some(colon) if !authority.ends_with(']') => authority.split_at(colon),
        _ => (authority, ":0"),
    };
    if port.strip_prefix(':').is_none_or(|port| port.parse::<u16>().is_err()) {
        return false;
    }
    host.eq_ignore_ascii_case("localhost")
        || host == "[::1]"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_hosts_are_allowed_on_any_port() {
        for origin in [
            "http://localhost",
            "http://LOCALHOST:3000",
            "https://127.0.0.1",
            "http://127.9.8.7:65535",
            "http://[::1]",
            "http://[::1]:8080",
        ] {
            assert!(is_loopback(origin), "{origin}");
        }
    }

    #[test]
    fn a_listed_origin_is_one_origin_unless_it_says_any_port() {
        for (listed, origin) in [
            ("https://a.example", "https://A.example"),
            ("https://a.example:8443", "https://a.example:8443"),
            ("https://a.example:*", "https://a.example"),
            ("https://a.example:*", "https://a.example:8443"),
            ("*", "https://b.example"),
            ("*", "null"),
        ] {
            assert!(is_meant(listed, origin), "{listed} {origin}");
        }
        for (listed, origin) in [
            ("https://a.example", "https://a.example:8443"),
            ("https://a.example", "http://a.example"),
            ("https://a.example:*", "http://a.example:8443"),
            ("https://a.example:*", "https://a.example.b.example:8443"),
            ("https://a.example:*", "https://b.a.example:8443"),
            ("https://a.example:*", "https://a.example:80@b.example"),
            ("https://*.example", "https://a.example"),
        ] {
            assert!(!is_meant(listed, origin), "{listed} {origin}");
        }
    }

    #[test]
    fn everything_else_is_not() {
        for origin in [
            "null",
            "",
            "http://",
            "http://example.org",
            "http://localhost.example.org",
            "http://localhost:80@example.org",
            "http://127.0.0.1.example.org",
            "http://example.org/localhost",
            "http://localhost:99999",
            "http://128.0.0.1",
            "http://[::2]",
            "http://[::1].example.org",
            "file://localhost",
            "chrome-extension://localhost",
        ] {
            assert!(!is_loopback(origin), "{origin}");
        }
    }
}
