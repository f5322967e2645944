package main

import (
	"fmt"
	"os"
)

// One process for each request, as in CGI: the request is in the environment and on stdin, the
// response goes to stdout.
func main() {
	method, path := os.Getenv("REQUEST_METHOD"), os.Getenv("PATH_INFO")
	fmt.Print("Content-Type: text/plain\n\n")
	fmt.Printf("Hello from {{name}}: %s %s\n", method, path)
}
