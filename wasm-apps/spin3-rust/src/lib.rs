//! Every function of the interfaces that Spin 3 brought: `POST /INTERFACE@VERSION/FUNCTION` with the
//! arguments as a JSON array is answered with the function's result. A method's array begins with
//! the arguments of what opens the resource: the name of a store, the address of a server.

use serde::{Serialize, de::DeserializeOwned};

wit_bindgen::generate!({
    world: "spin3",
    path: "wit",
    generate_all,
    additional_derives: [serde::Serialize, serde::Deserialize],
});

mod databases;
mod stores;

type Answer = Result<Vec<u8>, String>;
type Bytes = Vec<u8>;

fn call<A: DeserializeOwned, R: Serialize>(body: &[u8], function: impl FnOnce(A) -> R) -> Answer {
    let arguments = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    serde_json::to_vec(&function(arguments)).map_err(|error| error.to_string())
}

fn answer(path: &str, body: &[u8]) -> Answer {
    stores::answer(path, body)
        .or_else(|| databases::answer(path, body))
        .unwrap_or_else(|| Err("no such function".to_owned()))
}

mod http {
    use wasi::http::types::{
        Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
    };

    struct Spin3;

    impl wasi::exports::http::incoming_handler::Guest for Spin3 {
        fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
            // The router passes the path as it came: a space is %20.
            let path = request.path_with_query().unwrap_or_default().replace("%20", " ");
            let (status, json) = match super::answer(&path, &read(&request)) {
                Ok(json) => (200, json),
                Err(message) => (400, format!("{path}: {message}").into_bytes()),
            };
            let response = OutgoingResponse::new(Fields::new());
            response.set_status_code(status).unwrap();
            let body = response.body().unwrap();
            ResponseOutparam::set(response_out, Ok(response));
            let stream = body.write().unwrap();
            for chunk in json.chunks(4096) {
                stream.blocking_write_and_flush(chunk).unwrap();
            }
            drop(stream);
            OutgoingBody::finish(body, None).unwrap();
        }
    }

    fn read(request: &IncomingRequest) -> Vec<u8> {
        let body = request.consume().unwrap();
        let stream = body.stream().unwrap();
        let mut bytes = Vec::new();
        while let Ok(chunk) = stream.blocking_read(65_536) {
            bytes.extend(chunk);
        }
        bytes
    }

    wasi::http::proxy::export!(Spin3);
}
