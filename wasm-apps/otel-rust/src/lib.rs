//! Every function of `wasi:otel`: `POST /wasi:otel/FUNCTION` with the arguments as a JSON array is
//! answered with the function's result. `POST /traced` with `["http://..."]` does what an
//! instrumented guest does in one request: a span of its own around a call, with a log record and a
//! metric.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

wit_bindgen::generate!({
    world: "otel",
    path: "wit",
    generate_all,
    additional_derives: [serde::Serialize, serde::Deserialize],
});

mod traced;

use crate::wasi::otel::tracing::TraceFlags;
use crate::wasi::otel::{logs, metrics, tracing};

type Answer = Result<Vec<u8>, String>;

fn call<A: DeserializeOwned, R: Serialize>(body: &[u8], function: impl FnOnce(A) -> R) -> Answer {
    let arguments = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    serde_json::to_vec(&function(arguments)).map_err(|error| error.to_string())
}

fn answer(path: &str, body: &[u8]) -> Answer {
    type Done = Result<(), ()>;
    match path {
        "/wasi:otel/outer-span-context" => call(body, |_: [(); 0]| -> Result<_, ()> {
            Ok(tracing::outer_span_context())
        }),
        "/wasi:otel/on-start" => call(body, |(context,): (tracing::SpanContext,)| -> Done {
            tracing::on_start(&context);
            Ok(())
        }),
        "/wasi:otel/on-end" => call(body, |(span,): (tracing::SpanData,)| -> Done {
            tracing::on_start(&span.span_context);
            tracing::on_end(&span);
            Ok(())
        }),
        "/wasi:otel/on-end of none" => call(body, |(span,): (tracing::SpanData,)| -> Done {
            tracing::on_end(&span);
            Ok(())
        }),
        "/wasi:otel/export" => {
            call(body, |(metrics,): (metrics::ResourceMetrics,)| metrics::export(&metrics))
        }
        "/wasi:otel/on-emit" => call(body, |(record,): (logs::LogRecord,)| -> Done {
            logs::on_emit(&record);
            Ok(())
        }),
        "/traced" => call(body, |(url,): (String,)| traced::traced(&url)),
        _ => Err("no such function".to_owned()),
    }
}

/// Told as whether the trace is sampled.
impl Serialize for TraceFlags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (*self == Self::SAMPLED).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TraceFlags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sampled = bool::deserialize(deserializer)?;
        Ok(if sampled { Self::SAMPLED } else { Self::empty() })
    }
}

mod http {
    use wasi::http::types::{
        Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
    };

    struct Otel;

    impl wasi::exports::http::incoming_handler::Guest for Otel {
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

    wasi::http::proxy::export!(Otel);
}
