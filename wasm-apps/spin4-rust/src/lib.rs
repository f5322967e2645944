//! Every function of the interfaces of Spin 4: `POST /INTERFACE@VERSION/FUNCTION` with the arguments
//! as a JSON array is answered with the function's result. A method's array begins with the
//! arguments of what opens the resource; a stream is read to its end.

use serde::{Serialize, de::DeserializeOwned};
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{IntoResponse, Request, Response};
use spin_sdk::{http_service, wit_bindgen};

wit_bindgen::generate!({
    world: "spin4",
    path: "wit",
    runtime_path: "::spin_sdk::wit_bindgen::rt",
    generate_all,
    additional_derives: [serde::Serialize, serde::Deserialize],
});

mod databases;
mod messages;
mod stores;

type Answer = Result<Vec<u8>, String>;
type Bytes = Vec<u8>;

async fn call<A: DeserializeOwned, R: Serialize>(body: &[u8], function: impl AsyncFnOnce(A) -> R) -> Answer {
    let arguments = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    serde_json::to_vec(&function(arguments).await).map_err(|error| error.to_string())
}

fn unknown() -> Answer {
    Err("no such function".to_owned())
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    // The router passes the path as it came: a space is %20.
    let path = request.uri().path().replace("%20", " ");
    let body = request.into_body().bytes().await.unwrap_or_default();
    let (interface, function) = path[1..].split_once('/').unwrap_or_default();
    let answer = match interface {
        "variables@3.0.0" | "key-value@3.0.0" | "sqlite@3.1.0" => {
            stores::answer(interface, function, &body).await
        }
        "redis@3.0.0" | "mqtt@3.0.0" => messages::answer(interface, function, &body).await,
        "mysql@3.0.0" | "postgres@4.2.0" => databases::answer(interface, function, &body).await,
        _ => unknown(),
    };
    let (status, text) = match answer {
        Ok(json) => (200, json),
        Err(message) => (400, format!("{path}: {message}").into_bytes()),
    };
    Response::builder().status(status).body(String::from_utf8_lossy(&text).into_owned())
}
