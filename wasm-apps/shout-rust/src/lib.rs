//! Middleware: marks requests on their way in, and shouts what comes back, piece by piece.

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use spin_sdk::http::{IntoResponse, Request, Response};
use spin_sdk::http_service;
use spin_sdk::wasip3::http::types::ErrorCode;

#[http_service]
async fn handle(mut request: Request) -> Result<impl IntoResponse, ErrorCode> {
    // Headers of the connection are the host's alone.
    for name in ["connection", "host"] {
        request.headers_mut().remove(name);
    }
    request.headers_mut().append("x-passed", "yes".parse().expect("a header value"));
    let (mut parts, body) = spin_sdk::http::next(request).await?.into_parts();
    parts.headers.append("x-shouted", "yes".parse().expect("a header value"));
    parts.headers.remove("content-length");
    let mut quiet = spin_sdk::http::body::IncomingBodyExt::stream(body);
    let (mut loud, shouted) = spin_sdk::http::body::stream();
    spin_sdk::wasip3::spawn(async move {
        while let Some(Ok(piece)) = quiet.next().await {
            let text = String::from_utf8_lossy(&piece).to_uppercase();
            if loud.send(Bytes::from(text)).await.is_err() {
                break;
            }
        }
    });
    Ok(Response::from_parts(parts, shouted))
}
