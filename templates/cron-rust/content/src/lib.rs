wit_bindgen::generate!({
    inline: "
        package fermyon:spin-cron@2.0.0;

        interface cron-types {
            record metadata { timestamp: u64 }
            variant error { other(string) }
        }

        world scheduled {
            use cron-types.{metadata, error};
            export handle-cron-event: func(metadata: metadata) -> result<_, error>;
        }
    ",
});

struct Scheduled;

impl Guest for Scheduled {
    /// Runs at the times of the cron expression; the timestamp is in seconds since 1970.
    fn handle_cron_event(metadata: Metadata) -> Result<(), Error> {
        println!("{{name}} runs at {}", metadata.timestamp);
        Ok(())
    }
}

export!(Scheduled);
