package secret_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"taskrecon/internal/secret"
)

func TestLine(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		data string
		mode os.FileMode
		env  map[string]string
		want string // "" where it is refused
		err  string
	}{
		"plain":               {"s3cret\n", 0o600, nil, "s3cret", ""},
		"mark and line end":   {"\ufeffs3cret\r\n", 0o600, nil, "s3cret", ""},
		"read by others":      {"s3cret\n", 0o644, nil, "", "has mode 0644, so that others can get at the secret in it: chmod 600 "},
		"systemd's directory": {"s3cret\n", 0o640, map[string]string{"CREDENTIALS_DIRECTORY": dir}, "s3cret", ""},
		"two lines":           {"s3cret\nother\n", 0o600, nil, "", "does not hold one line with a secret"},
		"empty":               {"\n", 0o600, nil, "", "does not hold one line with a secret"},
		"large":               {strings.Repeat("x", 1<<17), 0o600, nil, "", "too large for a secret"},
	} {
		path := filepath.Join(dir, "secret")
		if err := os.WriteFile(path, []byte(c.data), c.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		got, err := secret.Source{Env: c.env}.Line(path)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && (!strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestPrinted(t *testing.T) {
	from := secret.Source{Env: map[string]string{"PATH": os.Getenv("PATH"), "GIVEN": "s3cret"}}
	for name, c := range map[string]struct{ command, want, err string }{
		"first line": {"echo $GIVEN; echo more", "s3cret", ""},
		"nothing":    {"true", "", "printed no secret on its first line"},
		"failing":    {"echo hidden-word >&2; echo s3cret; exit 3", "", `the command failed (exit status 3): "..."`},
	} {
		got, err := from.Printed(context.Background(), c.command)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
