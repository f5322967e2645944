use crate::fermyon::spin2_0_0::{mysql, postgres};
use crate::spin::postgres3_0_0::postgres as postgres3;
use crate::spin::postgres4_0_0::postgres as postgres4;
use crate::{Answer, call};

/// The functions are the same in all of them, the types are not.
macro_rules! database {
    ($interface:path, $function:expr, $body:expr) => {{
        use $interface::Connection;
        match $function {
            "open" => Some(call($body, |(address,): (String,)| Connection::open(&address).map(drop))),
            "open many" => Some(call($body, |(address, count): (String, usize)| {
                let all: Result<Vec<_>, _> = (0..count).map(|_| Connection::open(&address)).collect();
                all.map(|connections| connections.len())
            })),
            "query" => Some(call($body, |(address, statement, params): (String, String, Vec<_>)| {
                Connection::open(&address)?.query(&statement, &params)
            })),
            "execute" => Some(call($body, |(address, statement, params): (String, String, Vec<_>)| {
                Connection::open(&address)?.execute(&statement, &params)
            })),
            _ => None,
        }
    }};
}

pub fn answer(path: &str, body: &[u8]) -> Option<Answer> {
    let (interface, function) = path[1..].split_once('/')?;
    match interface {
        "mysql@2.0.0" => database!(mysql, function, body),
        "postgres@2.0.0" => database!(postgres, function, body),
        "postgres@3.0.0" => database!(postgres3, function, body),
        "postgres@4.0.0" => database!(postgres4, function, body),
        _ => None,
    }
}
