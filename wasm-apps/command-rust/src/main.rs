//! A program: prints its arguments, environment or stdin, exits as it is told. As a WAGI program it
//! writes a CGI response.

use std::io::{Read, Write};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let word = |index: usize| arguments.get(index).map_or("", String::as_str);
    match word(1) {
        "arguments" => println!("{}", arguments.join("|")),
        "environment" => print_environment(),
        "exit" => std::process::exit(word(2).parse().unwrap_or(0)),
        "trap" => panic!("asked to trap"),
        "silent" => (),
        "headless" => println!("no header: here"),
        "redirect" => print!("Location: /elsewhere\n\n"),
        "cgi" => respond(word(2)),
        _ => println!("Hello from a command"),
    }
}

fn print_environment() {
    print!("Content-Type: text/plain\n\n");
    let mut variables: Vec<_> = std::env::vars().collect();
    variables.sort();
    for (name, value) in variables {
        println!("{name}={value}");
    }
}

fn respond(status: &str) {
    let mut body = Vec::new();
    std::io::stdin().read_to_end(&mut body).expect("stdin is readable");
    print!("Status: {status}\r\nContent-Type: text/plain\r\nX-Length: {}\r\n\r\n", body.len());
    std::io::stdout().write_all(&body).expect("stdout is writable");
}
