fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    println!("Hello from {{name}}: {}", arguments.join(" "));
}
