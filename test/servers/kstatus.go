// Reads objects of Kubernetes as JSON, one after the other, and prints of each one line: what kstatus
// makes of it, as JSON.
package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func main() {
	objects := yaml.NewYAMLOrJSONDecoder(os.Stdin, 4096)
	results := json.NewEncoder(os.Stdout)
	for {
		var object unstructured.Unstructured
		if err := objects.Decode(&object); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		result, err := status.Compute(&object)
		if err != nil {
			log.Fatal(err)
		}
		if err := results.Encode(result); err != nil {
			log.Fatal(err)
		}
	}
}
