//! Serves the files that the manifest mounts at `/`: `index.html` for a folder, `304` for what the
//! client has already.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use wasi::exports::http::incoming_handler::Guest;
use wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

const KINDS: [(&str, &str); 8] = [
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("txt", "text/plain; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("wasm", "application/wasm"),
];

struct Site;

impl Guest for Site {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        let is_head = matches!(request.method(), Method::Head);
        if !is_head && !matches!(request.method(), Method::Get) {
            return send(response_out, 405, &[("allow", "GET, HEAD".to_owned())], None);
        }
        let target = request.path_with_query().unwrap_or_default();
        let Some((path, length, tag)) = find(&target) else {
            return send(response_out, 404, &[], None);
        };
        let known = request.headers().get("if-none-match");
        let headers = [("etag", tag.clone()), ("content-type", kind(&path).to_owned())];
        if known.iter().any(|value| value == tag.as_bytes()) {
            return send(response_out, 304, &headers[..1], None);
        }
        let [etag, content_type] = headers;
        let headers = [etag, content_type, ("content-length", length.to_string())];
        let file = if is_head { None } else { File::open(&path).ok() };
        send(response_out, 200, &headers, file);
    }
}

/// A file below the mounts with its size and entity tag.
fn find(target: &str) -> Option<(PathBuf, u64, String)> {
    let relative = decode(target.split('?').next()?)?;
    let is_below =
        Path::new(&relative).components().all(|part| matches!(part, Component::Normal(_)));
    if !is_below {
        return None;
    }
    let mut path = Path::new("/").join(relative);
    if path.is_dir() {
        path.push("index.html");
    }
    let facts = fs::metadata(&path).ok().filter(|facts| facts.is_file())?;
    let changed = facts.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_millis();
    let tag = format!("\"{:x}-{changed:x}\"", facts.len());
    Some((path, facts.len(), tag))
}

/// Without the leading slash; `%41` is `A`.
fn decode(path: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = path.trim_start_matches('/').bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            _ => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn kind(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|text| text.to_str()).unwrap_or_default();
    let known = KINDS.iter().find(|(name, _)| *name == extension);
    known.map_or("application/octet-stream", |(_, kind)| kind)
}

/// Streams: a large file is never in memory as a whole.
fn send(out: ResponseOutparam, status: u16, headers: &[(&str, String)], file: Option<File>) {
    let lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.clone().into_bytes()))
        .collect();
    let response = OutgoingResponse::new(Fields::from_list(&lines).unwrap());
    response.set_status_code(status).unwrap();
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    let Some(mut file) = file else {
        let _ = OutgoingBody::finish(body, None);
        return;
    };
    let stream = body.write().unwrap();
    let mut chunk = [0; 4096];
    while let Ok(size @ 1..) = file.read(&mut chunk) {
        if stream.blocking_write_and_flush(&chunk[..size]).is_err() {
            return;
        }
    }
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}

wasi::http::proxy::export!(Site);
