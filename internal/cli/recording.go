package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/graph"
	"taskrecon/internal/text"
)

// record makes the recording of --debug-http, if that is asked for, a part of the client to be.
func (p *program) record(c *cli.Context, s *service, config *graph.Config) error {
	path := c.String("debug-http")
	if path == "" {
		return nil
	}
	f, err := createRecording(path, c.Bool("overwrite"))
	if err != nil {
		return usage("--debug-http: %s", err.Error())
	}
	r := graph.NewRecording(f)
	config.Recording = r
	s.ends = append(s.ends, func() {
		if err := errors.Join(r.Err(), f.Close()); err != nil {
			fmt.Fprintf(p.stderr, "taskrecon: --debug-http: the recording %s is not whole: %s\n", text.Line(path), text.Line(err.Error()))
		}
	})
	return nil
}

// createRecording makes a file that only its owner may read. It writes into none that is there; with overwrite an earlier
// recording is replaced, but nothing else, such as the sheet or a link to somewhere.
func createRecording(path string, overwrite bool) (*os.File, error) {
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
