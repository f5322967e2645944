//! Answers questions with a language model: `POST /` with `{"question": "..."}`. What the model is
//! told about its task is the app's variable, not the client's choice.

use serde::{Deserialize, Serialize};
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{IntoResponse, Method, Request, Response, StatusCode};
use spin_sdk::{http_service, llm};

const MODEL: &str = "tiny";
const QUESTION_CHARS_MAX: usize = 2_000;

#[derive(Deserialize)]
struct Question {
    question: String,
}

#[derive(Serialize)]
struct Answer {
    answer: String,
    tokens: u32,
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    if request.method() != Method::POST {
        return text(StatusCode::METHOD_NOT_ALLOWED, "send a question with POST\n");
    }
    let body = request.into_body().bytes().await.unwrap_or_default();
    match serde_json::from_slice::<Question>(&body) {
        Ok(asked) if asked.question.chars().count() <= QUESTION_CHARS_MAX => {
            answer(&asked.question)
        }
        Ok(_) => text(StatusCode::PAYLOAD_TOO_LARGE, "a shorter question, please\n"),
        Err(error) => text(StatusCode::BAD_REQUEST, &format!("no question: {error}\n")),
    }
}

fn answer(question: &str) -> Response<String> {
    let prompt = format!("Answer in one sentence.\n\nQuestion: {question}\nAnswer:");
    match llm::infer(llm::InferencingModel::Other(MODEL), &prompt) {
        Ok(result) => {
            let usage = result.usage;
            let answer = Answer {
                answer: result.text.trim().to_owned(),
                tokens: usage.prompt_token_count + usage.generated_token_count,
            };
            let json = serde_json::to_string(&answer).unwrap_or_default();
            reply(StatusCode::OK, "application/json", json)
        }
        Err(error) => {
            eprintln!("the model failed: {error}");
            text(StatusCode::BAD_GATEWAY, "the model does not answer\n")
        }
    }
}

fn text(status: StatusCode, message: &str) -> Response<String> {
    reply(status, "text/plain", message.to_owned())
}

fn reply(status: StatusCode, kind: &str, body: String) -> Response<String> {
    let response = Response::builder().status(status).header("content-type", kind).body(body);
    response.expect("status and header are valid")
}
