use spin_sdk::http::{IntoResponse, Request, Response};
use spin_sdk::http_service;

/// Answers every request of the route.
#[http_service]
async fn handle(request: Request) -> anyhow::Result<impl IntoResponse> {
    let text = format!("Hello from {{name}}: {} {}\n", request.method(), request.uri().path());
    Ok(Response::builder()
        .status(200)
        .header("content-type", "text/plain")
        .body(text)?)
}
