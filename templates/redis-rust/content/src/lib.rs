use spin_sdk::redis_subscriber;

/// Gets every message of the channel.
#[redis_subscriber]
async fn on_message(message: Vec<u8>) -> anyhow::Result<()> {
    println!("{{name}} got {}", String::from_utf8_lossy(&message));
    Ok(())
}
