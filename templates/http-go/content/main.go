package main

import (
	"fmt"
	"log"
	"net/http"
	"net/http/cgi"
)

func main() {
	// One request to a process, as in CGI.
	if err := cgi.Serve(http.HandlerFunc(handle)); err != nil {
		log.Fatal(err)
	}
}

func handle(response http.ResponseWriter, request *http.Request) {
	response.Header().Set("Content-Type", "text/plain")
	fmt.Fprintf(response, "Hello from {{name}}: %s %s\n", request.Method, request.URL.Path)
}
