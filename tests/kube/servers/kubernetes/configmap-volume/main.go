// Writes files into a directory as the kubelet writes the volume of a ConfigMap: by the kubelet's own AtomicWriter.
//
//	configmap-volume DIRECTORY < payload.json    # {"file": "text", ...}: all there is afterwards
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/kubernetes/pkg/volume/util"
)

func main() {
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "configmap-volume:", err)
		os.Exit(1)
	}
}

func write() error {
	if len(os.Args) != 2 {
		return fmt.Errorf("usage: configmap-volume DIRECTORY < payload.json")
	}
	files := map[string]string{}
	if err := json.NewDecoder(os.Stdin).Decode(&files); err != nil {
		return fmt.Errorf("standard input is no JSON object of texts: %w", err)
	}
	payload := map[string]util.FileProjection{}
	for name, text := range files {
		payload[name] = util.FileProjection{Data: []byte(text), Mode: 0o444}
	}
	writer, err := util.NewAtomicWriter(os.Args[1], "configmap-volume")
	if err != nil {
		return err
	}
	return writer.Write(payload, nil)
}
