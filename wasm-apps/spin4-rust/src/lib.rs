//! Every function of the interfaces that Spin 4 brought: `POST /INTERFACE@VERSION/FUNCTION` with the arguments
//! as a JSON array is answered with the function's result. A method's array begins with the
//! arguments of what opens the resource; a stream is read to its end.

use serde::{Serialize, de::DeserializeOwned};
use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::wit_bindgen;

wit_bindgen::generate!({
    world: "spin4",
    path: "wit",
    runtime_path: "::wasip3::wit_bindgen::rt",
    generate_all,
    additional_derives: [serde::Serialize, serde::Deserialize],
});

mod messages;
mod stores;

type Answer = Result<Vec<u8>, String>;
type Bytes = Vec<u8>;

async fn call<A: DeserializeOwned, R: Serialize>(
    body: &[u8],
    function: impl AsyncFnOnce(A) -> R,
) -> Answer {
    let arguments = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    serde_json::to_vec(&function(arguments).await).map_err(|error| error.to_string())
}

fn unknown() -> Answer {
    Err("no such function".to_owned())
}

async fn answer(path: &str, body: &[u8]) -> Answer {
    let (interface, function) = path[1..].split_once('/').unwrap_or_default();
    match interface {
        "variables@3.0.0" | "key-value@3.0.0" => stores::answer(interface, function, body).await,
        "redis@3.0.0" | "mqtt@3.0.0" => messages::answer(interface, function, body).await,
        _ => unknown(),
    }
}

struct Spin4;

impl wasip3::exports::http::handler::Guest for Spin4 {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        // The router passes the path as it came: a space is %20.
        let path = request.get_path_with_query().unwrap_or_default().replace("%20", " ");
        let (_, done) = wasip3::wit_future::new(|| Ok(()));
        let (body, _trailers) = Request::consume_body(request, done);
        let (status, json) = match answer(&path, &body.collect().await).await {
            Ok(json) => (200, json),
            Err(message) => (400, format!("{path}: {message}").into_bytes()),
        };
        let (mut body, content) = wasip3::wit_stream::new();
        let (_, trailers) = wasip3::wit_future::new(|| Ok(None));
        let (response, _sent) = Response::new(Fields::new(), Some(content), trailers);
        let _ = response.set_status_code(status);
        wit_bindgen::spawn(async move {
            body.write_all(json).await;
        });
        Ok(response)
    }
}

wasip3::http::service::export!(Spin4);
