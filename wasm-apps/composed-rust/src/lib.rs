//! Answers with a greeting that another component makes, and with what middleware has added.

use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::{http_service, wit_bindgen};

wit_bindgen::generate!({
    world: "user",
    path: "wit",
    runtime_path: "::spin_sdk::wit_bindgen::rt",
});

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let name = request.uri().path().trim_start_matches('/').to_owned();
    let passed = request.headers().get_all("x-passed").iter().count();
    format!("{} (passed {passed} times)", acme::words::greeting::greet(&name))
}
