//! Greets in the words of its environment, if it is let see that.

wit_bindgen::generate!({ world: "greeter", path: "wit" });

struct Greeter;

impl exports::acme::words::greeting::Guest for Greeter {
    fn greet(name: String) -> String {
        let word = std::env::var("GREETING").unwrap_or_else(|_| "Hello".to_owned());
        format!("{word}, {name}!")
    }
}

export!(Greeter);
