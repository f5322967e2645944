use crate::spin::mysql::mysql;
use crate::{Answer, call, unknown};

pub async fn answer(function: &str, body: &[u8]) -> Answer {
    type Statement = (String, String, Vec<mysql::ParameterValue>);
    use mysql::Connection;
    match function {
        "open" => {
            call(body, async |(address,): (String,)| Connection::open(address).await.map(drop))
                .await
        }
        "query" => {
            call(body, async |(address, statement, params): Statement| {
                let connection = Connection::open(address).await?;
                let (columns, rows, end) = connection.query(statement, params).await?;
                let rows = rows.collect().await;
                end.await.map(|()| (columns, rows))
            })
            .await
        }
        "execute" => {
            call(body, async |(address, statement, params): Statement| {
                Connection::open(address).await?.execute(statement, params).await
            })
            .await
        }
        _ => unknown(),
    }
}
