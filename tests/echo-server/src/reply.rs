use std::io;
use std::time::Duration;

use serde_json::Value;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::stream::Stream;

/// An HTTP answer, not yet written.
#[derive(Debug)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Body,
    last: bool,
}

impl Reply {
    /// A sentence of plain text.
    pub(crate) fn text(status: u16, sentence: impl Into<String>) -> Self {
        let mut body = sentence.into();
        body.push('\n');
        Self {
            status,
            headers: vec![("Content-Type", "text/plain; charset=utf-8".into())],
            body: Body::Bytes(body.into_bytes()),
            last: false,
        }
    }

    pub(crate) fn bad_request(sentence: impl Into<String>) -> Self {
        Self::text(400, sentence)
    }

    pub(crate) fn not_found() -> Self {
        Self::text(404, "There is nothing here.")
    }

    pub(crate) fn json(value: &Value) -> Self {
        Self {
            status: 200,
            headers: vec![("Content-Type", "application/json".into())],
            body: Body::Bytes(value.to_string().into_bytes()),
            last: false,
        }
    }

    pub(crate) fn file(file: File, length: u64, mime: &'static str) -> Self {
        Self {
            status: 200,
            headers: vec![("Content-Type", mime.into())],
            body: Body::File(Box::new(file), length),
            last: false,
        }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Bytes(Vec::new()), last: false }
    }

    /// Adds a header; the value must come from code or be free of control characters.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Ends the connection after this reply.
    pub(crate) fn last(mut self) -> Self {
        self.last = true;
        self
    }

    pub(crate) fn is_last(&self) -> bool {
        self.last
    }

    /// Writes the reply; `with_body` is false for `HEAD`.
    pub(crate) async fn write(self, stream: &mut Stream, with_body: bool) -> io::Result<()> {
        let length = match &self.body {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::File(_, length) => *length,
        };
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, phrase(self.status));
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        // These two statuses have no body, not even one of length 0.
        if self.status != 204 && self.status != 304 {
            head.push_str(&format!("Content-Length: {length}\r\n"));
        }
        head.push_str(if self.last { "Connection: close\r\n" } else { KEEP_ALIVE });
        for header in COMMON {
            head.push_str(header);
        }
        head.push_str("\r\n");

        let mut head = head.into_bytes();
        let with_body = with_body && self.status != 204 && self.status != 304;
        match self.body {
            Body::Bytes(bytes) => {
                if with_body {
                    head.extend_from_slice(&bytes);
                }
                write_in_time(stream, &head).await
            }
            Body::File(file, length) => {
                write_in_time(stream, &head).await?;
                if with_body {
                    write_file(stream, *file, length).await?;
                }
                Ok(())
            }
        }
    }
}

/// Ends a connection so that what was written arrives: closing while bytes lie unread would reset
/// it and take our last words along.
pub(crate) async fn say_goodbye(stream: &mut Stream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let drained = async {
        let mut left = DRAIN_LIMIT;
        let mut chunk = vec![0; CHUNK];
        while let Ok(read @ 1..) = stream.read(&mut chunk).await {
            left = left.saturating_sub(read);
            if left == 0 {
                break;
            }
        }
    };
    // Whether it ended by itself or by the clock, the socket goes now.
    let _ = timeout(DRAIN_TIME, drained).await;
}

#[derive(Debug)]
enum Body {
    Bytes(Vec<u8>),
    File(Box<File>, u64),
}

async fn write_file(stream: &mut Stream, file: File, length: u64) -> io::Result<()> {
    let mut file = file.take(length);
    let mut chunk = vec![0; CHUNK];
    let mut left = length;
    while left > 0 {
        let read = file.read(&mut chunk).await?;
        if read == 0 {
            // The file shrank under us: only a broken connection says so.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        write_in_time(stream, chunk.get(..read).unwrap_or_default()).await?;
        left = left.saturating_sub(read as u64);
    }
    Ok(())
}

async fn write_in_time(stream: &mut Stream, bytes: &[u8]) -> io::Result<()> {
    timeout(WRITE_TIME, stream.write_all(bytes)).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        411 => "Length Required",
        413 => "Content Too Large",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

const KEEP_ALIVE: &str = "Connection: keep-alive\r\nKeep-Alive: timeout=60\r\n";
const COMMON: [&str; 3] = [
    "Cache-Control: no-cache\r\n",
    "X-Content-Type-Options: nosniff\r\n",
    "Referrer-Policy: no-referrer\r\n",
];
const CHUNK: usize = 64 << 10;
const WRITE_TIME: Duration = Duration::from_secs(10);
const DRAIN_TIME: Duration = Duration::from_secs(2);
const DRAIN_LIMIT: usize = 64 << 20;
