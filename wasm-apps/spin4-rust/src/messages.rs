use crate::spin::mqtt::mqtt;
use crate::spin::redis::redis::{self, Connection};
use crate::{Answer, Bytes, call, unknown};

pub async fn answer(interface: &str, function: &str, body: &[u8]) -> Answer {
    match interface {
        "redis@3.0.0" => redis(function, body).await,
        _ => mqtt(function, body).await,
    }
}

async fn redis(function: &str, body: &[u8]) -> Answer {
    type Key = (String, String);
    type Value = (String, String, Bytes);
    type Values = (String, String, Vec<String>);
    match function {
        "open" => call(body, async |(address,): (String,)| open(address).await.map(drop)).await,
        "open many" => {
            call(body, async |(address, count): (String, usize)| {
                let mut all = Vec::new();
                for _ in 0..count {
                    all.push(open(address.clone()).await?);
                }
                Ok::<_, redis::Error>(all.len())
            })
            .await
        }
        "publish" => {
            call(body, async |(address, channel, payload): Value| {
                open(address).await?.publish(channel, payload).await
            })
            .await
        }
        "get" => call(body, async |(address, key): Key| open(address).await?.get(key).await).await,
        "set" => {
            call(body, async |(address, key, value): Value| {
                open(address).await?.set(key, value).await
            })
            .await
        }
        "incr" => {
            call(body, async |(address, key): Key| open(address).await?.incr(key).await).await
        }
        "del" => {
            call(body, async |(address, keys): (String, Vec<String>)| {
                open(address).await?.del(keys).await
            })
            .await
        }
        "sadd" => {
            call(body, async |(address, key, values): Values| {
                open(address).await?.sadd(key, values).await
            })
            .await
        }
        "smembers" => {
            call(body, async |(address, key): Key| open(address).await?.smembers(key).await).await
        }
        "srem" => {
            call(body, async |(address, key, values): Values| {
                open(address).await?.srem(key, values).await
            })
            .await
        }
        "execute" => {
            call(body, async |(address, command, values): (String, String, Vec<_>)| {
                open(address).await?.execute(command, values).await
            })
            .await
        }
        _ => unknown(),
    }
}

async fn open(address: String) -> Result<Connection, redis::Error> {
    Connection::open(address).await
}

async fn mqtt(function: &str, body: &[u8]) -> Answer {
    type Login = (String, String, String, u64);
    let open = async |(address, username, password, keep_alive): Login| {
        mqtt::Connection::open(address, username, password, keep_alive).await
    };
    match function {
        "open" => call(body, async |(login,): (Login,)| open(login).await.map(drop)).await,
        "open many" => {
            call(body, async |(login, count): (Login, usize)| {
                let mut all = Vec::new();
                for _ in 0..count {
                    all.push(open(login.clone()).await?);
                }
                Ok::<_, mqtt::Error>(all.len())
            })
            .await
        }
        "publish" => {
            call(body, async |(login, topic, payload, qos): (Login, String, Bytes, mqtt::Qos)| {
                open(login).await?.publish(topic, payload, qos).await
            })
            .await
        }
        _ => unknown(),
    }
}
