package graph

import (
	"fmt"
	"io"
	"os"
)

// CreateRecording makes a file for a recording that only its owner may read. It writes into none that is there; with overwrite an earlier
// recording is replaced, but nothing else, such as the sheet or a link to somewhere.
func CreateRecording(path string, overwrite bool) (*os.File, error) {
	info, err := os.Lstat(path)
	switch {
	case err == nil && !overwrite:
		return nil, fmt.Errorf("%q exists already; name another file", path)
	case err == nil && !(info.Mode().IsRegular() && isRecording(path)):
		return nil, fmt.Errorf("%q exists already and is no recording; name another file", path)
	case err == nil:
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

// isRecording reports whether a file is empty or begins as a recording does.
func isRecording(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	const first = `{"time":`
	begin, err := io.ReadAll(io.LimitReader(f, int64(len(first))))
	return err == nil && (len(begin) == 0 || string(begin) == first)
}
