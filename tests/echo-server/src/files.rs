use std::path::{Path, PathBuf};

use crate::config::Mount;
use crate::head::Head;
use crate::query::{Plus, decode};
use crate::reply::Reply;

/// Answers with the file a path names in one of the mounted directories.
pub(crate) async fn serve(mounts: &[Mount], head: &Head) -> Reply {
    let Some(file) = locate(mounts, &head.path) else {
        return Reply::not_found();
    };
    let Some((file, length)) = open(file).await else {
        return Reply::not_found();
    };
    let mime = mime_type(&head.path);
    let reply = Reply::file(file, length, mime);
    if [HTML, SCRIPT].contains(&mime) {
        reply.with("Content-Security-Policy", content_security_policy(head))
    } else {
        reply
    }
}

/// A file that may be served: which, and below which directory it must lie.
#[derive(Debug, PartialEq)]
struct Candidate {
    directory: PathBuf,
    path: PathBuf,
}

fn locate(mounts: &[Mount], path: &str) -> Option<Candidate> {
    let path = path.strip_prefix('/')?;
    let mut segments =
        path.split('/').map(|segment| decode(segment, Plus::Plus)).collect::<Option<Vec<_>>>()?;
    if let Some(last) = segments.last_mut().filter(|last| last.is_empty()) {
        *last = INDEX.to_owned();
    }
    if !segments.iter().all(|segment| is_plain(segment)) {
        return None;
    }
    let (mount, rest) = mounts
        .iter()
        .filter_map(|mount| Some((mount, segments.strip_prefix(mount.prefix.as_slice())?)))
        .filter(|(_, rest)| !rest.is_empty())
        .max_by_key(|(mount, _)| mount.prefix.len())?;
    let mut path = mount.directory.clone();
    path.extend(rest);
    Some(Candidate { directory: mount.directory.clone(), path })
}

/// Whether a path segment can only mean an entry of the directory before it. Hidden files are not
/// served.
fn is_plain(segment: &str) -> bool {
    !segment.is_empty()
        && !segment.starts_with('.')
        && !segment.contains(['/', '\\', ':'])
        && !segment.contains(char::is_control)
}

async fn open(candidate: Candidate) -> Option<(tokio::fs::File, u64)> {
    let opened = tokio::task::spawn_blocking(move || {
        let directory = candidate.directory.canonicalize().ok()?;
        let path = candidate.path.canonicalize().ok()?;
        // A link may not lead out, and opening a pipe or a device may never return.
        if !path.starts_with(directory) || !path.metadata().ok()?.is_file() {
            return None;
        }
        let file = std::fs::File::open(path).ok()?;
        let length = file.metadata().ok()?.len();
        Some((file, length))
    });
    let (file, length) = opened.await.ok()??;
    Some((tokio::fs::File::from_std(file), length))
}

/// The policy of a page, and of a worker, which has that of its script; `csp=no-wasm` and `csp=no-connect` take away what their names say, and
/// `csp=any-connect` and `csp=inline-scripts` permit it.
fn content_security_policy(head: &Head) -> String {
    let mut scripts = "'self' 'wasm-unsafe-eval'";
    let mut connections = "'self' ws://127.0.0.1:* ws://localhost:* \
        http://127.0.0.1:* http://localhost:* \
        wss://127.0.0.1:* wss://localhost:* https://127.0.0.1:* https://localhost:*";
    for wish in head.query.all("csp") {
        match wish {
            "no-wasm" => scripts = "'self'",
            "inline-scripts" => scripts = "'self' 'wasm-unsafe-eval' 'unsafe-inline'",
            "no-connect" => connections = "'none'",
            "any-connect" => connections = "* ws: wss:",
            _ => {}
        }
    }
    format!(
        "default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; \
         connect-src {connections}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn mime_type(path: &str) -> &'static str {
    if path.ends_with('/') {
        return HTML;
    }
    let extension = Path::new(path)
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
        .to_ascii_lowercase();
    MIME_TYPES
        .iter()
        .find(|(known, _)| *known == extension)
        .map_or("application/octet-stream", |(_, mime)| mime)
}

const INDEX: &str = "index.html";
const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const MIME_TYPES: [(&str, &str); 21] = [
    ("html", HTML),
    ("htm", HTML),
    ("js", SCRIPT),
    ("mjs", SCRIPT),
    ("cjs", SCRIPT),
    // TypeScript, declarations included: to read, not to run.
    ("ts", "text/plain; charset=utf-8"),
    ("mts", "text/plain; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("wasm", "application/wasm"),
    ("json", "application/json"),
    ("map", "application/json"),
    ("webmanifest", "application/manifest+json"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("webp", "image/webp"),
    ("ico", "image/x-icon"),
    ("woff2", "font/woff2"),
    ("txt", "text/plain; charset=utf-8"),
    ("md", "text/markdown; charset=utf-8"),
    ("xml", "application/xml"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn located(path: &str) -> Option<String> {
        let mounts =
            [Mount::new("/", "/srv/www"), Mount::new("/pkg/", "/srv/pkg"), Mount::new("/lib/x", "/srv/x")];
        locate(&mounts, path).map(|candidate| candidate.path.display().to_string())
    }

    #[test]
    fn the_longest_prefix_wins() {
        assert_eq!(located("/").unwrap(), "/srv/www/index.html");
        assert_eq!(located("/a/b.js").unwrap(), "/srv/www/a/b.js");
        assert_eq!(located("/a/").unwrap(), "/srv/www/a/index.html");
        assert_eq!(located("/pkg/e.wasm").unwrap(), "/srv/pkg/e.wasm");
        assert_eq!(located("/pkgs").unwrap(), "/srv/www/pkgs");
        assert_eq!(located("/lib/x/y%20z").unwrap(), "/srv/x/y z");
    }

    #[test]
    fn paths_that_could_lead_out_are_not_even_looked_up() {
        for path in [
            "",
            "a",
            "/..",
            "/../a",
            "/pkg/../../a",
            "/%2e%2e/a",
            "/pkg/%2E%2E/a",
            "/a/..%2f..%2fb",
            "/a/..%5c..%5cb",
            "/a//etc/passwd",
            "//etc/passwd",
            "/%2fetc/passwd",
            "/c:/x",
            "/.git/config",
            "/a/%00",
            "/a/./b",
            "/a%ff",
            "/a%",
        ] {
            assert_eq!(located(path), None, "{path}");
        }
    }

    #[test]
    fn wasm_and_modules_have_the_types_browsers_insist_on() {
        assert_eq!(mime_type("/pkg/everwire.wasm"), "application/wasm");
        assert_eq!(mime_type("/x.mjs"), "text/javascript; charset=utf-8");
        assert_eq!(mime_type("/"), HTML);
        assert_eq!(mime_type("/everwire.d.ts"), "text/plain; charset=utf-8");
        assert_eq!(mime_type("/LICENSE"), "application/octet-stream");
    }
}
