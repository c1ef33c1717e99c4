//go:build unix

package ingest_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"taskrecon/internal/ingest"
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
		in, err := ingest.Read(path, ingest.Options{})
		must(t, err)
		must(t, <-wrote)
		if len(in.Rows) != 1 || in.Rows[0].Desired.ID != "a-1" || wishesOf(in, 0)["status"] != "active" {
			t.Errorf("%s: %d rows, %s", name, len(in.Rows), messages(in))
		}
	}
}

// A file whose state changes while it is read is refused.
func TestFileThatChangesWhileItIsRead(t *testing.T) {
	path := write(t, "in.csv", []byte("id,status\n"+strings.Repeat("a-1,active\n", 500_000)))
	done, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for at := time.Now(); ; at = at.Add(time.Second) {
			select {
			case <-done:
				return
			default:
				_ = os.Chtimes(path, at, at)
			}
		}
	}()
	_, err := ingest.Read(path, ingest.Options{})
	for tries := 0; err == nil && tries < 100; tries++ {
		_, err = ingest.Read(path, ingest.Options{})
	}
	close(done)
	<-stopped
	if err == nil || err.Error() != "in.csv: changed while it was read; wait until it is complete" {
		t.Errorf("%v", err)
	}
}

// A file that had just been written is looked at again; an older one is taken to be complete.
func TestFileThatGrowsAfterItWasRead(t *testing.T) {
	for name, tt := range map[string]struct {
		age   time.Duration
		grows bool
		want  bool
	}{"young and growing": {0, true, true}, "young": {0, false, false}, "old": {time.Hour, true, false}, "of tomorrow": {-24 * time.Hour, true, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, "in.csv", []byte("id,status\na,active\n"))
			at := time.Now().Add(-tt.age)
			must(t, os.Chtimes(path, at, at))
			in, err := ingest.Read(path, ingest.Options{})
			must(t, err)
			if tt.grows {
				must(t, os.WriteFile(path, []byte("id,status\na,active\nb,active\n"), 0o600))
			}
			if err := in.StillWhole(); (err != nil) != tt.want {
				t.Errorf("%v", err)
			}
		})
	}
}
