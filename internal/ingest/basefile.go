package ingest

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
)

// BasePath is where the base of the sheet at path lies, if that is a CSV.
func BasePath(path string) string { return basePath(path) }

// BaseSource reads of a base file where the tasks of its sheet came from, and checks nothing else of it.
func BaseSource(path string) (Source, bool) {
	f, err := os.Open(path)
	if err != nil {
		return Source{}, false
	}
	defer f.Close()
	line, err := bufio.NewReader(io.LimitReader(f, 1<<16)).ReadBytes('\n')
	var h baseHeader
	if err != nil || json.Unmarshal(line, &h) != nil || h.Format != baseFormat {
		return Source{}, false
	}
	return h.Source, true
}
