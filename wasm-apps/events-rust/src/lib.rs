//! One handler for each kind of trigger: each prints what it got, so that tests can read it. The
//! text `fail` makes a handler return an error, `trap` makes it panic.

wit_bindgen::generate!({ world: "events", path: "wit", generate_all });

use exports::fermyon::spin::inbound_http::{self, Request, Response};
use exports::fermyon::spin::inbound_redis;
use fermyon::spin::redis_types;
use fermyon::spin_sqs::sqs_types::{MessageAttributeValue, MessageAttribute};

struct Events;

/// Whether the handler shall return its error.
fn print(kind: &str, content: &str) -> bool {
    println!("{kind}: {content}");
    assert!(!content.contains("trap"), "asked to trap");
    content.contains("fail")
}

impl Guest for Events {
    fn handle_message(message: Vec<u8>, metadata: MqttMetadata) -> Result<(), MqttError> {
        let text = String::from_utf8_lossy(&message);
        match print("mqtt", &format!("{} {text}", metadata.topic)) {
            true => Err(MqttError::Other("asked to fail".to_owned())),
            false => Ok(()),
        }
    }

    fn handle_cron_event(metadata: CronMetadata) -> Result<(), CronError> {
        print("cron", &metadata.timestamp.to_string());
        Ok(())
    }

    fn handle_queue_message(message: Message) -> Result<MessageAction, SqsError> {
        let attributes: Vec<_> = message.message_attributes.iter().map(attribute).collect();
        let body = message.body.unwrap_or_default();
        match print("sqs", &format!("{body} [{}]", attributes.join(" "))) {
            true => Err(SqsError::Other("asked to fail".to_owned())),
            false if body.contains("leave") => Ok(MessageAction::Leave),
            false => Ok(MessageAction::Delete),
        }
    }
}

fn attribute(attribute: &MessageAttribute) -> String {
    let value = match &attribute.value {
        MessageAttributeValue::Str(text) => text.clone(),
        MessageAttributeValue::Binary(bytes) => format!("{bytes:?}"),
    };
    let kind = attribute.data_type.as_deref().unwrap_or("-");
    format!("{}:{kind}={value}", attribute.name)
}

impl inbound_redis::Guest for Events {
    fn handle_message(message: Vec<u8>) -> Result<(), redis_types::Error> {
        match print("redis", &String::from_utf8_lossy(&message)) {
            true => Err(redis_types::Error::Error),
            false => Ok(()),
        }
    }
}

impl inbound_http::Guest for Events {
    fn handle_request(request: Request) -> Response {
        let body = request.body.unwrap_or_default();
        let header = |name: &str| {
            let found = request.headers.iter().find(|(each, _)| each == name);
            found.map_or("", |(_, value)| value).to_owned()
        };
        if print("http", &String::from_utf8_lossy(&body)) {
            return Response { status: 42, headers: None, body: None };
        }
        let lines = [("x-uri", request.uri.clone()), ("x-path-info", header("spin-path-info"))];
        let headers = lines.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let text = format!("{:?} {}", request.method, String::from_utf8_lossy(&body));
        Response { status: 201, headers: Some(headers), body: Some(text.into_bytes()) }
    }
}

export!(Events);
