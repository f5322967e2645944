use crate::spin::key_value::key_value::Store;
use crate::spin::variables::variables;
use crate::{Answer, Bytes, call, unknown};

pub async fn answer(interface: &str, function: &str, body: &[u8]) -> Answer {
    match interface {
        "variables@3.0.0" => {
            call(body, async |(name,): (String,)| variables::get(name).await).await
        }
        _ => key_value(function, body).await,
    }
}

async fn key_value(function: &str, body: &[u8]) -> Answer {
    type Key = (String, String);
    match function {
        "open" => call(body, async |(label,): (String,)| Store::open(label).await.map(drop)).await,
        "open many" => {
            call(body, async |(label, count): (String, usize)| {
                let mut stores = Vec::new();
                for _ in 0..count {
                    stores.push(Store::open(label.clone()).await?);
                }
                Ok::<_, crate::spin::key_value::key_value::Error>(stores.len())
            })
            .await
        }
        "get" => {
            call(body, async |(label, key): Key| Store::open(label).await?.get(key).await).await
        }
        "set" => {
            call(body, async |(label, key, value): (String, String, Bytes)| {
                Store::open(label).await?.set(key, value).await
            })
            .await
        }
        "delete" => {
            call(body, async |(label, key): Key| Store::open(label).await?.delete(key).await).await
        }
        "exists" => {
            call(body, async |(label, key): Key| Store::open(label).await?.exists(key).await).await
        }
        "get-keys" => {
            call(body, async |(label,): (String,)| {
                let (keys, end) = Store::open(label).await?.get_keys().await;
                let keys = keys.collect().await;
                end.await.map(|()| keys)
            })
            .await
        }
        _ => unknown(),
    }
}
