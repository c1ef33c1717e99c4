//go:build unix

package ingest

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe with a name, such as the shell's <(command), has no size, and is read like any file.
func TestNamedPipe(t *testing.T) {
	for name, text := range map[string][]byte{
		"UTF-8":                []byte("id,status\na-1,active\n"),
		"UTF-16 without a BOM": []byte(utf16LE("id,status,description\na-1,active,a text that is longer than a line\n")),
	} {
		path := filepath.Join(t.TempDir(), "pipe")
		must(t, syscall.Mkfifo(path, 0o600))
		wrote := make(chan error, 1)
		go func() { wrote <- os.WriteFile(path, text, 0o600) }()
		in, err := Read(path, Options{})
		must(t, err)
		must(t, <-wrote)
		if len(in.Rows) != 1 || in.Rows[0].Desired.ID != "a-1" || wishesOf(in, 0)["status"] != "active" {
			t.Errorf("%s: %d rows, %s", name, len(in.Rows), messages(in))
		}
	}
}
