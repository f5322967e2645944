//! Answers GET and HEAD with the files below `/`: a folder by its index.html, what does not exist by
//! /404.html where there is one.

use std::fs;
use wasi::exports::http::incoming_handler::Guest;
use wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

/// What one blocking write takes at most (wasi:io).
const WRITE_BYTES_MAX: usize = 4096;

struct StaticServer;

impl Guest for StaticServer {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let is_head = matches!(request.method(), Method::Head);
        if !is_head && !matches!(request.method(), Method::Get) {
            let text = b"Only GET and HEAD are answered\n";
            return send(outparam, 405, &[("allow", "GET, HEAD")], Some(text));
        }
        let target = path_below_route(&request);
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let Some(name) = file_name(path) else {
            return send(outparam, 400, &[("content-type", "text/plain")], Some(b"Bad path\n"));
        };
        let is_folder = fs::metadata(&name).is_ok_and(|found| found.is_dir());
        if is_folder && !path.ends_with('/') && !path.is_empty() {
            // Relative links of the index are below the folder then.
            let last = path.rsplit('/').next().unwrap_or_default();
            return send(outparam, 308, &[("location", &format!("{last}/"))], None);
        }
        let name = if is_folder { format!("{name}/index.html") } else { name };
        let (status, found) = match fs::read(&name) {
            Ok(content) => (200, Some((name, content))),
            Err(_) => (404, fs::read("/404.html").ok().map(|page| ("404.html".into(), page))),
        };
        let (name, content) = found.unwrap_or_else(|| (".txt".into(), b"Not found\n".into()));
        let headers = [
            ("content-type", content_type(&name)),
            ("content-length", &content.len().to_string()),
        ];
        send(outparam, status, &headers, (!is_head).then_some(&content[..]));
    }
}

wasi::http::proxy::export!(StaticServer);

/// The path after the route's fixed part, which hosts tell in a header.
fn path_below_route(request: &IncomingRequest) -> String {
    let told = request.headers().get("spin-path-info").into_iter().next();
    let told = told.and_then(|value| String::from_utf8(value).ok());
    told.unwrap_or_else(|| request.path_with_query().unwrap_or_default())
}

/// Absolute name of the file for a path; `None` for a path that is none or leaves the folder.
fn file_name(path: &str) -> Option<String> {
    let decoded = percent_decode(path)?;
    if decoded.contains('\0') || decoded.split('/').any(|segment| segment == "..") {
        return None;
    }
    let segments: Vec<_> = decoded.split('/').filter(|each| !each.is_empty()).collect();
    Some(format!("/{}", segments.join("/")))
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let high = char::from(rest.next()?).to_digit(16)?;
        let low = char::from(rest.next()?).to_digit(16)?;
        bytes.push((high * 16 + low) as u8);
    }
    String::from_utf8(bytes).ok()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "txt" | "md" => "text/plain; charset=utf-8",
        "json" | "map" => "application/json",
        "xml" => "application/xml",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "ttf" => "font/ttf",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "mp4" => "video/mp4",
        "mp3" => "audio/mpeg",
        _ => "application/octet-stream",
    }
}

fn send(outparam: ResponseOutparam, status: u16, headers: &[(&str, &str)], body: Option<&[u8]>) {
    let fields: Vec<_> =
        headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    let response = OutgoingResponse::new(Fields::from_list(&fields).expect("valid headers"));
    response.set_status_code(status).expect("valid status");
    let outgoing = response.body().expect("one body");
    ResponseOutparam::set(outparam, Ok(response));
    if let Some(content) = body {
        let stream = outgoing.write().expect("one stream");
        for part in content.chunks(WRITE_BYTES_MAX) {
            // The client went away.
            if stream.blocking_write_and_flush(part).is_err() {
                return;
            }
        }
    }
    // Fails only if the client went away.
    let _ = OutgoingBody::finish(outgoing, None);
}
