use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::config::Limits;
use crate::query::Query;
use crate::reply::Reply;
use crate::stream::Stream;

/// The head of one HTTP/1 request.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: String,
    /// The path as sent, still percent-encoded.
    pub(crate) path: String,
    pub(crate) query: Query,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    keep_alive: bool,
}

impl Head {
    /// Reads one head, leaving what follows it in `buffer`.
    ///
    /// `Ok(None)` when the client left, or sent nothing for `patience`.
    pub(crate) async fn read(
        stream: &mut Stream,
        buffer: &mut Vec<u8>,
        limits: &Limits,
        patience: Duration,
    ) -> Result<Option<Self>, Reply> {
        if buffer.is_empty() && !matches!(timeout(patience, more(stream, buffer)).await, Ok(true)) {
            return Ok(None);
        }
        timeout(limits.handshake, async {
            loop {
                if let Some((head, length)) = Self::parse(buffer, limits.head_size)? {
                    buffer.drain(..length);
                    return Ok(Some(head));
                }
                if !more(stream, buffer).await {
                    return Ok(None);
                }
            }
        })
        .await
        .unwrap_or_else(|_| Err(Reply::text(408, "The request head took too long.")))
    }

    /// The first value of a header, given in lower case.
    pub(crate) fn header(&self, name: &'static str) -> Option<&str> {
        self.headers(name).next()
    }

    pub(crate) fn headers(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The comma-separated items of every header of that name.
    pub(crate) fn items(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.headers(name).flat_map(|value| value.split(',')).map(str::trim).filter(|item| !item.is_empty())
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.headers("cookie")
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    pub(crate) fn wants_websocket(&self) -> bool {
        self.has_item("upgrade", "websocket")
    }

    pub(crate) fn has_item(&self, header: &'static str, item: &str) -> bool {
        self.items(header).any(|found| found.eq_ignore_ascii_case(item))
    }

    pub(crate) fn keeps_alive(&self) -> bool {
        self.keep_alive && !self.has_item("connection", "close")
    }

    fn parse(buffer: &[u8], limit: usize) -> Result<Option<(Self, usize)>, Reply> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let too_large =
            || Reply::text(431, format!("A request head may have {limit} bytes and {MAX_HEADERS} headers."));
        let length = match request.parse(buffer) {
            Ok(httparse::Status::Complete(length)) if length <= limit => length,
            Ok(httparse::Status::Partial) if buffer.len() < limit => return Ok(None),
            Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(too_large()),
            Err(_) => return Err(Reply::bad_request("This is no HTTP/1 request.")),
        };
        let target = request.path.unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if !path.starts_with('/') {
            return Err(Reply::bad_request("The request target must be a path."));
        }
        let query = Query::parse(query)
            .ok_or_else(|| Reply::bad_request("The query is not percent-encoded UTF-8."))?;
        let headers = request
            .headers
            .iter()
            .map(|header| {
                let value = str::from_utf8(header.value).ok()?.trim();
                Some((header.name.to_ascii_lowercase(), value.to_owned()))
            })
            .collect::<Option<_>>()
            .ok_or_else(|| Reply::bad_request("Header values must be UTF-8."))?;
        let head = Self {
            method: request.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            query,
            headers,
            keep_alive: request.version == Some(1),
        };
        Ok(Some((head, length)))
    }
}

/// Throws the body of a request away; no route takes one.
pub(crate) async fn skip_body(
    head: &Head,
    stream: &mut Stream,
    buffer: &mut Vec<u8>,
    limits: &Limits,
) -> Result<(), Reply> {
    if head.header("transfer-encoding").is_some() {
        return Err(Reply::text(411, "Send a Content-Length, or better no body at all."));
    }
    let mut lengths = head.headers("content-length");
    let length = match (lengths.next(), lengths.next()) {
        (None, _) => return Ok(()),
        (Some(length), None) if length.bytes().all(|byte| byte.is_ascii_digit()) => length,
        _ => return Err(Reply::bad_request("Content-Length must be one number.")),
    };
    let length = match length.parse() {
        Ok(length @ 0..=MAX_BODY) => length,
        _ => return Err(Reply::text(413, format!("A body may have {MAX_BODY} bytes."))),
    };
    let complete = async {
        while buffer.len() < length {
            if !more(stream, buffer).await {
                return false;
            }
        }
        true
    };
    if !matches!(timeout(limits.handshake, complete).await, Ok(true)) {
        return Err(Reply::text(408, "The request body did not arrive."));
    }
    buffer.drain(..length);
    Ok(())
}

/// Reads once; false at the end of the stream.
async fn more(stream: &mut Stream, buffer: &mut Vec<u8>) -> bool {
    let mut chunk = [0; CHUNK];
    match stream.read(&mut chunk).await {
        Ok(read @ 1..) => {
            buffer.extend_from_slice(chunk.get(..read).unwrap_or_default());
            true
        }
        _ => false,
    }
}

const MAX_HEADERS: usize = 64;
const MAX_BODY: usize = 64 << 10;
const CHUNK: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_taken_apart() {
        let raw = b"GET /ws?room=a HTTP/1.1\r\nHost: x\r\nUpgrade: h2c, WebSocket\r\n\
            Cookie: a=1; everwire_token=s=\r\nSec-WebSocket-Protocol: one, two\r\n\
            Sec-WebSocket-Protocol: three\r\n\r\nrest";
        let (head, length) = Head::parse(raw, 1024).unwrap().unwrap();
        assert_eq!(&raw[length..], b"rest");
        assert_eq!((head.method.as_str(), head.path.as_str()), ("GET", "/ws"));
        assert_eq!(head.query.first("room"), Some("a"));
        assert!(head.wants_websocket());
        assert!(head.keeps_alive());
        assert_eq!(head.cookie("everwire_token"), Some("s="));
        let offered: Vec<_> = head.items("sec-websocket-protocol").collect();
        assert_eq!(offered, ["one", "two", "three"]);
    }

    #[test]
    fn an_unfinished_head_asks_for_more_until_the_limit() {
        let raw = b"GET / HTTP/1.1\r\nHost: x\r\n";
        assert!(Head::parse(raw, 1024).unwrap().is_none());
        assert!(Head::parse(raw, 10).is_err());
    }

    #[test]
    fn no_prefix_and_no_mangling_of_a_head_can_panic() {
        let raw = b"GET /ws?a=%20 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n";
        for end in 0..raw.len() {
            assert!(Head::parse(&raw[..end], 1024).unwrap().is_none(), "{end}");
            for byte in [0, b'\r', b' ', b'%', 0xff] {
                let mut mangled = raw.to_vec();
                mangled[end] = byte;
                let _ = Head::parse(&mangled, 1024);
            }
        }
    }
}
